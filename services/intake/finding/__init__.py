"""Finding tickets and reading them: lists, counts, search, what is like another, who calls."""
