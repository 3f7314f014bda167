"""A workbook of the kind .xls, which no library at hand can write: saved once by LibreOffice."""

import base64
import lzma
from pathlib import Path
from typing import Final

PACKED: Final = (
    "XQAAAAT//////////wBoM74chjB3YPSkhCnC3hx2J4LykYbciMonuuGgt8X+3yj/Y0MggIVAgisyy/GFSqj0r4g8"
    "+7W1ZJBEFUIymLo6jPE8QgGIdHEW9wbyKsl9L0APV37VTd5Mw1TFwBRx0JV3uCDV0chLN/VGYUagvrQBlvPSZliu"
    "33tOwUs1mJzBtzEls0FgY6TkCg+VqQJr3bCxN+9FFbm8f6SuknXcfKrNarcTrLXFrcQFjWxd7A8NFp316h3KvsPv"
    "oK2fB9/rz8OrEtN4Ltbun0QUi/nqWw6oewTL3X+GnJfgXA3GTz5J7lAu595ks03HHKFbNaMDpU3ohUK53ikDGBRH"
    "YNU7cmnU+RGYL44vsrjmSKBylahK+M2JODjOnnQ+ENUK+OQSSePyrL/3THrQ8vMnpFH3MLcgpv3NClp7wK8tL11T"
    "ilucBE+HF74tnLWGd+g7MLcYLTSlkBw0p6dzcYLQjk213SK++NXKYzQkS6p0E/xpGdevH2aIcFknthRgtZl7FE9S"
    "Rr9vZI6FP0j6Kxq4mV6NYmy/ggnH0XeIzteeKhtRgfIZt3X3C0+4E38f/TjbEEWVxwE4B/RvgCl8i5uDSlV5N84T"
    "M0MsEOkMHXQvj8zLsF8VLjOYgzLGHYro5dO2hD+Ak23i11nNvvF53QCyvwiaWtHnw347NA2fZ6e5vbk0KQqwfwB+"
    "xx6O04ACC0jiemZ/p3f1x6AdTTU5rJ6ITjJjtJ7J1gAEFDniWcRHvugAy/IKi7jqlEoo6ilTjNq8Lce1BYMR81E+"
    "vNjk5P3zmylRgZ4V37yt1GWOHeZ+/onby4ExphvptIPbuei1j9F82332I2YgXi5vXEVR7F02phMMshI5jPke3frR"
    "0ozSYdPOdqOg5o1uC4gXwdioSPAdrjh/6MEaw+UidGcd3hN+laajhk2T5bgxY5yovxAeU9KEqdqJhSDVRct1T6+K"
    "Ch8ler1tiXQ9HWqjxLrTplaj27AhvRJpG/29vCJ2AQ5FUf368A+7m1WHc2jpHjI3/D6RKHnkLoArlGKQJO0dYrCW"
    "hV6mgDyWXwCkMW/KYlNDpb7xrFic6g+GTg6DY5S9qm9axNWheQTXKphEYzDt7gV4KkO1I/Lwq2I+NL84qkZh5mO9"
    "HG4wP6+gWK46T6B0jP/sCBLaHmnK7H0wyHYBZjkpk9sLc0xRfpfY+cEKsO7LBi3axiFQ+X7AcoDr5JbTWW1APrDL"
    "7/tubBHraaxxOk/sLkgSY8KQEcGxbE41S12ZW1UOD7SAqIMcwEQpU2zErucJP0mD2OAz0tP5fAACVCY20JdwQjzT"
    "ZZeECZTG8GEot/Spe4dvxWMrmUEjWn4s5l7XuUDmRcVSq9+U+yWHtEswzD//Y90W/QriTmtGtCeqeQwvWHvz7hWS"
    "L+BxF8SQQ9e0CgYVZCEnQMERYqkGAzfVZKQE5VsKqZRhmBawv31jxSfAX8nPqLKXUlvcEFlHcvXfby8LJF+XvfwO"
    "R6/haXVIGFDnmLMWpcWOinJ5Ox7gurZMoNtyhmTw5pipgaiFzIYNyTaT4R1TQYKlDYoxB//h6z8xHdye2izAxR3K"
    "gDswWgFsRRVzu2YxlfcEs38zazFiMd4Z3c3/CdPkqMlrCPjhThdyNDxEN2mc1m9Si0GGawIobUCpqvYreXR2B18q"
    "OdIl3Ak+oOdIVfkjkeU="
)
"""Sheet Leads: Name, Nr, Signed, Ok, Time over two rows; Nr has the number format 00000."""


def an_old_workbook(folder: Path) -> Path:
    """The workbook as a file."""
    path = folder / "leads.xls"
    path.write_bytes(lzma.decompress(base64.b64decode(PACKED)))
    return path
