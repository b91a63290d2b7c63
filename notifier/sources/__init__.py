"""The door in: one module or folder per kind of source, in one visible list."""
