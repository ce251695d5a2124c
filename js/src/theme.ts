// JupyterLab says on the body which theme it has; elsewhere the system decides.

export function followTheme(root: HTMLElement): () => void {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const apply = (): void => {
    const lab = document.body.dataset["jpThemeLight"];
    root.classList.toggle("wf-dark", lab === undefined ? system.matches : lab === "false");
  };
  const observer = new MutationObserver(apply);
  observer.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
  system.addEventListener("change", apply);
  apply();
  return () => {
    observer.disconnect();
    system.removeEventListener("change", apply);
  };
}
