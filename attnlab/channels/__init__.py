"""What reaches an observer of the output: all of it, or what noise and rounding leave."""
