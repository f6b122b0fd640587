"""HTTP for programs: the answers of the pages and of the command line, in the words of several clients."""
