"""Graded exercises: checks that name the mistake, and a judge that gives the marks."""
