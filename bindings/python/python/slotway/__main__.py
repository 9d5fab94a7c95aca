"""``python -m slotway app:app``: serve an ASGI or WSGI application that is there already."""

import sys

from slotway._cli import main

sys.exit(main())
