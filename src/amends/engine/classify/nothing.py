"""What texts sound like that tell of no cause: praise, thanks, bare anger, questions, chatter."""

from typing import Final

_PRAISE: Final = """
    everything was great, thank you
    very happy with the service
    excellent service, keep it up
    all good
    no complaints at all
    works perfectly, would recommend
    thanks for the quick help
    friendly staff and fast
    I am satisfied
    five stars
    brilliant as always
    could not be better
    no problems so far
    love it
    great company
    nothing to complain about
    fine, nothing special
    pleasant experience
    good value
    smooth and easy
    thank you so much
    perfect
    """

_ANGER: Final = """
    bad service
    terrible company
    worst company ever
    never again
    I am so angry
    disappointed
    you should be ashamed
    absolutely useless
    rubbish
    avoid at all costs
    a joke of a company
    not happy at all
    zero stars
    it was awful from start to finish
    what a disgrace
    it is always the same with you
    I expected better
    very dissatisfied with everything
    fail
    unacceptable
    pathetic
    not good enough
    hate it
    nothing but trouble
    sort it out
    """

_QUESTION: Final = """
    how can I change my details?
    what are your opening hours?
    do you offer a student price?
    where can I find the form?
    is it possible to upgrade?
    when does the offer start?
    which option would you suggest?
    can you tell me how this works?
    do you also have this in another version?
    is there a branch near me?
    how do I set it up?
    what does it cost?
    I have a question about the conditions
    can I add a second person?
    do I need to bring anything?
    could you send me more information?
    how long do I have to keep this?
    is this compatible with the other one?
    please confirm that you received my letter
    where do I find the manual
    """

_CHATTER: Final = """
    hello
    good morning everyone
    happy birthday
    nice weather today
    see you tomorrow
    lol
    who won the match last night?
    vote for us
    just testing
    n/a
    none
    nothing
    no comment
    see above
    as discussed
    ok
    check out my new video
    great advert on television
    congratulations on the award
    we are hiring
    interesting article in the news
    """

NOTHING: Final = tuple(
    line.strip()
    for block in (_PRAISE, _ANGER, _QUESTION, _CHATTER)
    for line in block.strip().splitlines()
)
"""Texts without a cause; a classifier without labels learns from them what to leave unsure."""
