"""Marks a function as a test: it is given a session (session.py), and passes unless it raises."""


def test(name, options=None, encodings=("json", "cbor"), alone=False, table=None):
    """`encodings`: played once in each; (None,) once, without. `alone`: False; True: when nothing else plays on its
    daemon; "daemon": on a daemon of its own. `table`: {NAME: ARGUMENTS}; a test for each row, NAME behind its name."""

    def mark(function):
        rows = {name: ()}
        if table is not None:
            rows = {f"{name}: {row}" if name else row: arguments for row, arguments in table.items()}
        function.plays = [(row, encoding, options or {}, alone, arguments)
                          for row, arguments in rows.items() for encoding in encodings]
        return function

    return mark
