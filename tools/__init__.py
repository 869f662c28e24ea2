"""What runs, checks, refreshes and generates the lessons; `make` names each habit."""
