"""Words that carry a mood when people speak of a service, by strength.

Written for this project out of general knowledge of English; nothing is learnt from any data set.
Endings (-s, -ed, -ing, -ly, -ness) are found by rule, so mostly the plain form stands here. The
milder negative words are those of service failures: who says "delayed" without any feeling has
still had a bad time.
"""

from typing import Final

_BY_VALENCE: Final = {
    -3.2: """
        abysmal appalling atrocious awful despicable disgrace disgraceful disgust disgusting
        dreadful evil fraudster ghastly hate hateful hell hellish horrendous horrible horrid
        horrific horror incompetent incompetence inexcusable insult insulting loathe nightmare
        outrage outrageous pathetic repulsive scam scammer shambles shambolic shameful sickening
        terrible thief thieves unacceptable unforgivable useless vile worst abuse abusive criminal
        crook crooks deplorable despise detest farce fiasco fuck fucked fucking fuckin gross
        liar liars lied lying moron morons rage scandal scandalous screw screwed shit shitty
        shite suck sucks sucked sucky bullshit crap crappy bastard bastards asshole assholes
        traumatic catastrophe catastrophic disaster disastrous furious livid enraged wtf ffs
        clusterfuck garbage trash rubbish joke laughable ridiculous absurd
        """,
    -2.3: """
        aggravate anger angry annoy annoyed appal arrogant ashamed bad badly betray broken cheat
        clueless complain complaint crash cruel damage danger dangerous deceit deceive deceptive
        defective despair desperate destroy dire disappoint disappointing disappointment
        dishonest dismal disrespect disrespectful disturbing embarrass embarrassing embarrassment
        exasperated exhausted fail failed failure faulty filthy flawed foul fraud fraudulent
        frustrate frustrated frustrating frustration fuming fume harass humiliate humiliating
        idiot idiots idiotic ignorant impossible inadequate inept infuriate infuriating
        insane intolerable irate irresponsible lame lousy mad mess messed misery miserable
        mislead misleading misled neglect negligent nonsense nasty negligence offensive pain
        painful poor poorly rip ripoff rob robbed rude rudely rudeness ruin ruined sad sadly scary
        screaming shame shocking shoddy sloppy stole stolen stupid suffer suffering threaten
        unbelievable uncaring unethical unfair unfriendly unhappy unhelpful unprofessional
        unreliable unsafe unsatisfactory upset upsetting waste wasted wasting worse worthless
        wreck wrong wrongly yelled sick illegal hopeless heartless dumb dirty died dead unfit
        horrified insulted hurt injured pissed damn dammit hostile shocked stranded bullied
        disgruntled dissatisfied dissatisfying unimpressed fobbed fedup boycott
        """,
    -1.3: """
        absent afraid alone avoid blame block blocked bother bug bugs bump bumped burden cancel
        cancelled canceled cancellation cannot careless cold confuse confused confusing confusion
        concern concerned cost costly cracked cramped cry crying debt decline declined defect
        delay delayed delays deny denied difficult difficulty dirty disconnect disconnected dispute
        down drop dropped error errors excuse excuses expensive fault fear fees fine glitch hassle
        hidden hung ignore ignored ignoring inconvenience inconvenient inconvenienced incorrect
        issue issues lack lacking late leak leaking lose loses losing lost mishandle miss missed
        missing mistake mistreat nervous noisy nobody nothing old overcharge overcharged
        overpriced overbooked oversold penalty pointless problem problems problematic questionable
        refuse refused reject rejected sorry slow smell smelly stain stingy stress stressed
        stressful struggle stuck tired tiresome trouble ugly unable unanswered unclear
        uncomfortable unfortunately unfortunate unhappy unresolved unresponsive unwilling
        vomit wait waited waiting weak weird worn worry worried worrying worsen unauthorised
        unauthorized unexpected unreasonable understaffed unorganized disorganized unorganised
        misplaced malfunction malfunctioning smashed torn ripped dented flimsy
        bounced repeatedly charged grounded diverted rescheduled postponed tarmac layover
        incomplete interrupted outage overdue shut runaround backlog chaos chaotic
        """,
    -0.7: """
        again another anyone anymore apparently charge claim complicated dare even extra forced
        hold hour hours however instead least leave less line lines longer luggage meanwhile minutes
        never no none only overnight seriously several still supposed tell third told twice
        voucher weeks until without months average mediocre meh boring vague
        """,
    0.6: """
        interesting new okay ok welcome yes yay safe open hope hopefully want wish fun ready easy
        clean quick quickly clear free fair fix fixed reply replied responsive upgrade upgraded
        improve improved improving available comfortable comfy decent fine
        """,
    1.6: """
        appreciate appreciated appreciation beautiful better benefit bless calm care caring cheer
        cheers clever compliment congrats congratulations considerate convenient cool courteous
        delicious easily efficient effortless enjoy enjoyed enjoyable excited exciting fast
        favorite favourite friendly generous glad good grateful happy helped helpful helpfully
        honest impressed impressive kind kindly kindness like liked likes lovely luck lucky
        nice nicely patient pleasant pleased pleasure polite positive prompt promptly proud
        punctual reasonable recommend recommended reliable resolved respectful safe satisfied
        satisfying seamless secure simple smile smiling smooth smoothly solved spotless success
        successful support sweet thank thankful thanks thx ty useful value warm win winner won
        worth worthy yum tasty professional painless sorted helping
        """,
    2.7: """
        adore amazing amazed awesome best brilliant champion delight delighted delightful
        ecstatic excellent exceptional exceptionally exceeded fab fabulous fantastic flawless
        fortunate gem gorgeous great greatest heaven hero incredible incredibly inspire
        love loved loves loving magnificent marvellous marvelous outstanding perfect perfectly
        perfection phenomenal remarkable rock rocks splendid stellar sublime superb terrific
        thrilled top-notch unbeatable wonderful wow kudos faultless
        """,
}

_PHRASES: Final = {
    -3.2: [
        "thanks for nothing",
        "thank you for nothing",
        "never again",
        "rip off",
        "not acceptable",
        "last time",
        "wake up call",
        "get your act together",
        "thanks a lot for",
        "waste of time",
        "waste of money",
        "what a joke",
        "worst ever",
        "stay away",
        "steer clear",
    ],
    -2.3: [
        "fed up",
        "let down",
        "hung up",
        "no help",
        "not happy",
        "not impressed",
        "not good",
        "does not work",
        "doesn't work",
        "not working",
        "didn't work",
        "don't work",
        "won't work",
        "no answer",
        "no response",
        "no reply",
        "no one answers",
        "nobody answers",
        "no solution",
        "on hold",
        "no apology",
        "no explanation",
        "no idea",
        "no sense",
        "lack of",
        "could not care less",
        "couldn't care less",
        "don't care",
        "doesn't care",
        "not cool",
        "a joke",
        "so much for",
        "how hard",
        "how difficult",
        "how dare",
        "no excuse",
        "not helpful",
        "no help",
        "need to do better",
        "do better",
        "not ok",
        "not okay",
        "not fair",
        "no luck",
        "bad luck",
        "good luck getting",
        "good luck with",
        "no way",
        "worn out",
        "ripped off",
        "passed around",
        "told me wrong",
        "lost my",
        "left me",
    ],
    -1.3: [
        "still waiting",
        "still no",
        "still not",
        "still haven't",
        "still hasn't",
        "not yet",
        "no longer",
        "not received",
        "never received",
        "never arrived",
        "not arrived",
        "too long",
        "hours late",
        "hour delay",
        "how long",
        "why can't",
        "why is",
        "why are",
        "why do",
        "why does",
        "why did",
        "why would",
        "can't get",
        "can't even",
        "cannot get",
        "won't let",
        "wouldn't let",
        "didn't get",
        "never got",
        "never called",
        "no show",
        "not available",
        "at least",
        "would be nice",
        "would have been nice",
        "i guess",
        "twice now",
        "what gives",
        "really ?",
        "come on",
        "more than an hour",
        "no one",
        "not once",
        "any reason",
        "no sign",
        "not allowed",
        "charged twice",
        "too expensive",
        "too late",
        "too small",
        "not fixed",
    ],
    1.6: [
        "no problem",
        "no problems",
        "no issues",
        "no issue",
        "no complaints",
        "no complaint",
        "no worries",
        "can't wait",
        "cannot wait",
        "can not wait",
        "well done",
        "thank you",
        "keep it up",
        "good job",
        "great job",
        "looking forward",
        "not bad",
        "no trouble",
        "no hassle",
        "nothing but praise",
        "shout out",
        "shoutout",
        "above and beyond",
        "made my day",
        "on time",
        "no longer a problem",
        "at ease",
    ],
    2.7: ["love it", "love you", "couldn't be happier", "could not be happier", "well worth"],
    0.0: [
        "a good day",
        "on my way",
        "fine print",
        "no later than",
        "late night",
        "free of charge",
        "mobile app",
        "kind of",
        "as well as",
        "like to",
        "feel like",
        "looks like",
        "seems like",
        "look like",
        "would like",
        "i'd like",
        "like this",
        "like a",
        "new york",
        "best way",
        "best regards",
        "kind regards",
        "in charge",
        "old address",
        "customer care",
        "pretty much",
        "what kind",
        "thank god",
        "in line with",
        "better be",
        "good enough",
        "best buy",
    ],
}

VALENCE: Final = {word: value for value, words in _BY_VALENCE.items() for word in words.split()}
"""Valence of a word, −4 to 4."""

PHRASES: Final = {
    tuple(phrase.split()): value for value, phrases in _PHRASES.items() for phrase in phrases
}
"""Valence of phrases whose words mean something else apart."""

_GLAD: Final = "😀😁😂🤣😃😄😅😆😉😊😋😎😍😘🥰😇🙂🤗🤩😌👍👏🙌💪🎉🎊✨💖💕💗💙💚💛💜🧡❤♥☺😻💯🥳👌🙏"
_SORE: Final = "😞😟😠😡😢😣😤😥😦😧😨😩😪😫😭😰😱😳😷🤢🤮🤬😒😓😔😕🙁☹👎💔😖😑😐🙄🤦🤡💩🖕😾😿"
EMOJI: Final = dict.fromkeys(_GLAD, 2.0) | dict.fromkeys(_SORE, -2.3)
"""Valence of an emoji."""

EMOTICONS: Final = {
    ":)": 1.6, ":-)": 1.6, ":D": 2.0, ":-D": 2.0, ";)": 1.2, ";-)": 1.2, "<3": 2.0, "(:": 1.6,
    ":(": -1.8, ":-(": -1.8, ":'(": -2.3, ":/": -1.2, ":-/": -1.2, ">:(": -2.5, "D:": -1.5,
    "):": -1.8, ":|": -0.8, "</3": -2.3,
}  # fmt: skip

_NEGATIONS: Final = """
    not no never neither nor nobody nothing nowhere without hardly barely scarcely cannot cant dont
    doesnt didnt isnt wasnt wont wouldnt couldnt shouldnt havent hasnt hadnt aint arent werent
    """
_STRONGER: Final = """
    absolutely completely deeply especially exceptionally extremely fucking highly hugely incredibly
    insanely really remarkably ridiculously seriously so such super terribly totally truly utterly
    very way most quite beyond
    """
_WEAKER: Final = "slightly somewhat bit little rather fairly almost partly relatively kinda sorta"

NEGATIONS: Final = frozenset(_NEGATIONS.split())
"""Words that turn what follows; so does every word in n't."""

STRONGER: Final = frozenset(_STRONGER.split())
"""Words that strengthen what follows."""

WEAKER: Final = frozenset(_WEAKER.split())
"""Words that weaken what follows."""
