"""What a student meets: an answer is asked, compared, and told what is wrong with it."""
