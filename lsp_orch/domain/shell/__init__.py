"""What a command line of a shell writes: the rules of single commands, and the terms they are told in."""
