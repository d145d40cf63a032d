"""Pages and figures as functions of the tidy table and the study's facts; nothing here reads a cell."""
