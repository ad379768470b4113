"""What to do about an exception, for its Elixir caller: rules as data, a module for each family of them."""
