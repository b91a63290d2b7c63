"""Every farm household that is owed a notice is told, and it can be proved.

What is newly published becomes a benefit (watch); a benefit meets the register and says who is owed what, and why
(match); what is owed becomes messages (compose); messages are sent, once (dispatch); receipts and silence become
evidence or the next try, down to a visit (track); and all of it adds up (report). The rooms meet in the ledger only:
each takes rows in one state and leaves rows in the next.

An import only points down:

    __main__  commands                                the command line
    app                                               the only place where objects meet
    settings  schedule  web  sandbox                  what is chosen, when, and who speaks with us
    watch  match  compose  dispatch  track  report    the six rooms, in the order of flow
    registry  campaigns  inquiries  accounts  operate the desks: people's work beside the flow
    sources  channels  store  bus                     the doors and the memory
    wire                                              the only HTTP client
    domain                                            pure nouns, outcomes, errors, Protocols
"""
