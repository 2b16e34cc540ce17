"""The teacher's book: from the files of a class to marks, tables and reports."""
