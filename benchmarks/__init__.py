"""How long all of this takes, measured: one module for each question.

A question has `cases(data, quick)`, functions by name: each is called once a round, and what it
returns is stored. Its `results(rounds)` turns the stored rounds into the numbers that are reported.
A question that is asked another number of times than most has `ROUNDS`.
"""
