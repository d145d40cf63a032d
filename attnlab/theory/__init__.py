"""Exact laws: angles of the simplex, faces, antipodal pairs."""
