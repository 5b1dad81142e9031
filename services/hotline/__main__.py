"""``python -m services.hotline`` is the ``hotline`` command."""

from services.hotline.cli import main

main()
