"""Tests of the e-mail example; a package, so that its modules may have the names of the modules they test."""
