"""The judge: runs a submission's code where it can do no harm, and asks it for answers."""
