"""How long all of this takes, measured."""
