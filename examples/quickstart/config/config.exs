import Config

# What the pools do is logged at the level debug: not the demo's subject.
config :logger, level: :warning
