# What is waited for comes; the bounds are against hangs, and those of a busy machine.
ExUnit.start(
  capture_log: true,
  assert_receive_timeout: 60_000,
  timeout: 180_000,
  formatters: [ExUnit.CLIFormatter, Envmgr.Test.Named]
)
