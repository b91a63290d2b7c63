"""sources -> Benefit: what was newly published becomes a benefit, once.

Takes: the configured sources, polled when due, and the files dropped into the watched folder.
Leaves: one `Benefit` per published item or batch version, its payment lines, and the sealed snapshot it came from.
Invariant: the same item read again changes nothing; a source's first run is a baseline that tells nobody.
Never: decides who is owed a notice, or drops an item it could not read without saying so.
"""
