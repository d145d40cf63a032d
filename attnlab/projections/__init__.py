"""Value projections, given or learned: what of the tokens reaches the output; one file per kind."""
