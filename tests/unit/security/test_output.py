"""What is printed and logged while a call has a secret: masked, in every thread; and afterwards everything is as it was."""

from __future__ import annotations

import logging
import sys
import threading

import pytest

from wfnb.security.output import masked_output
from wfnb.security.taint import CLEAN, Taint

SECRET = "hunter2-hunter2"


def test_prints_are_masked_in_every_thread(capsys: pytest.CaptureFixture[str]) -> None:
    with masked_output(Taint([SECRET])):
        print(f"out {SECRET}")
        sys.stdout.writelines([f"line {SECRET}\n"])
        thread = threading.Thread(target=lambda: print(f"err {SECRET}", file=sys.stderr, flush=True))
        thread.start()
        thread.join()
    assert capsys.readouterr() == ("out [REDACTED]\nline [REDACTED]\n", "err [REDACTED]\n")


def test_the_streams_are_put_back(capsys: pytest.CaptureFixture[str]) -> None:
    before = sys.stdout, sys.stderr, logging.getLogRecordFactory()
    with masked_output(Taint([SECRET])), masked_output(Taint(["another"])):
        assert sys.stdout is not before[0]
        print(SECRET, "another")
    assert (sys.stdout, sys.stderr, logging.getLogRecordFactory()) == before
    print(SECRET)
    assert capsys.readouterr().out == f"[REDACTED] [REDACTED]\n{SECRET}\n"


def test_a_stream_that_somebody_else_put_there_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    with masked_output(Taint([SECRET])):
        monkeypatch.setattr(sys, "stdout", sys.__stderr__)
    assert sys.stdout is sys.__stderr__


def test_a_program_without_a_console_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    with masked_output(Taint([SECRET])):
        assert sys.stdout is None


def test_nothing_is_touched_without_a_secret() -> None:
    before = sys.stdout
    with masked_output(CLEAN):
        assert sys.stdout is before


def test_calls_side_by_side_mask_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    inside, done = threading.Barrier(2, timeout=10), threading.Barrier(2, timeout=10)

    def call(secret: str) -> None:
        with masked_output(Taint([secret])):
            inside.wait()
            print("first-secret second-secret")
            done.wait()

    threads = [threading.Thread(target=call, args=[f"{word}-secret"]) for word in ("first", "second")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(capsys.readouterr().out.split("\n")) == {"[REDACTED] [REDACTED]", ""}


def test_logs_are_masked(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    log = logging.getLogger("app")
    with masked_output(Taint([SECRET])):
        log.info("key %s of %d", SECRET, 3)
        log.info("nothing %s", "here")
        log.info("broken %d", SECRET)
        try:
            raise ValueError(SECRET)
        except ValueError:
            log.exception("failed")
        try:
            raise ValueError("harmless")
        except ValueError:
            log.exception("failed")
    assert SECRET not in caplog.text
    assert "key [REDACTED] of 3" in caplog.text
    assert "nothing here" in caplog.text
    assert "ValueError: [REDACTED]" in caplog.text
    assert "ValueError: harmless" in caplog.text
