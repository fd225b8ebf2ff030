"""The fixtures of all scenarios stand in tests/harness."""

pytest_plugins = ["harness.plugin"]
