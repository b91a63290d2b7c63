"""The front desk: provider callbacks, the JSON API, console pages and the farmer's page.

A callback is stored raw before it is answered; a page shows only what its user's scope and the masks allow.
Its pages load only what `assets/static/` holds, so a console works on an intranet.
"""
