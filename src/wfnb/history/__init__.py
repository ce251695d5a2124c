"""Questions about every run there ever was: a DuckDB projection of the state tables, hardened SQL, named analyses."""

from importlib.util import find_spec

from wfnb.errors import MissingExtraError

if find_spec("duckdb") is None or find_spec("pandas") is None:
    raise MissingExtraError(
        "History needs duckdb and pandas.", hint="Install them with: pip install 'wfnb[history]'"
    )
