"""The pace without a clock: real pacer, real governor, step times from traces, thousands of seconds in one."""
