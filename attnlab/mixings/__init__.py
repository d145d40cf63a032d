"""What becomes of the outputs of several heads: side by side, through W_O, or one sum."""
