"""Films: the strip of a film's parts under the stage, its player, and the list of films.

It knows nothing of HTTP clients or SQL.
"""
