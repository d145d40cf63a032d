"""What an attention sum keeps and what it loses."""
