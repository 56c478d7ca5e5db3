"""How the tables came to be, one step per file, carried out by Alembic when the program starts."""
