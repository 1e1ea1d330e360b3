"""The words of the generated reviews, the commoner ones first."""


def _names() -> list[str]:
    """Compose surnames, so that a review meets names that no other has."""
    first = "har ash mar win brad hol lang whit ros thorn car stan bel mor kel dun wal"
    first += " has fair green hart lin mel nor pres red sel tem ul war"
    last = "wood ley ton field ford worth man by shaw combe well more dale ridge brook"
    return [a + b for b in last.split() for a in first.split()]


_LISTS = {
    "ADJ+": """
        good great fine superb brilliant funny lovely excellent moving wonderful clever
        charming sharp fresh gripping strong smart warm beautiful touching witty lively
        delightful fantastic stunning engaging graceful honest amazing splendid tender
        vivid bold solid terrific thrilling magnificent inventive enjoyable elegant
        compelling hilarious memorable impressive fascinating heartfelt masterful sweet
        radiant perfect polished inspired convincing absorbing dazzling exciting
        exquisite flawless gorgeous haunting imaginative intelligent luminous marvellous
        mesmerising nuanced original outstanding pleasing poetic poignant powerful
        profound remarkable riveting satisfying sensational sincere sublime subtle
        suspenseful sympathetic tasteful thoughtful timeless triumphant uplifting
        vibrant agile amusing appealing artful astute authentic balanced bewitching
        bracing breathtaking bright captivating classy coherent colourful confident
        crisp cunning daring deft delicate disarming eloquent enchanting endearing
        energetic entrancing evocative expressive exuberant fearless fetching finespun
        genuine gifted glorious glowing humane immersive incisive infectious ingenious
        insightful intimate intricate invigorating joyous layered likeable limber lucid
        lyrical magical melodious nimble noble orderly perceptive playful plausible
        ravishing rewarding rich robust rousing seductive shapely skilful soulful
        sparkling spirited spry stirring striking stylish sumptuous supple tactful tight
        transporting truthful unforgettable urbane virtuosic wise worthy zestful
    """,
    "ADJ-": """
        bad poor dull boring awful weak silly terrible slow flat stupid lazy tedious
        clumsy bland stale dreadful empty messy horrible shallow tired annoying cheap
        dreary lame pointless predictable ugly wooden forced muddled painful lifeless
        mediocre hollow pretentious ridiculous sloppy tiresome uninspired vapid abysmal
        absurd amateurish appalling atrocious awkward banal bloated careless choppy
        chaotic clunky cold confused contrived corny crass crude cynical dated
        derivative dim disappointing disjointed dismal drab dumb endless excruciating
        false feeble flimsy foolish forgettable formless frantic ghastly glib grating
        gratuitous grim hackneyed heavy hideous idiotic implausible incoherent inept
        insipid insulting irritating jarring juvenile laboured lacklustre limp listless
        ludicrous lumbering maudlin meandering meaningless mindless monotonous murky
        nasty needless obvious offensive overblown overlong overwrought pallid pathetic
        patronising pedestrian perfunctory plodding pompous ponderous preachy prosaic
        repetitive rotten rushed sappy scattered senseless shabby shapeless shoddy
        shrill simplistic sluggish smug soggy soulless sour spineless stagy stiff
        stilted strained stodgy superficial tacky tasteless tepid thin threadbare trite
        turgid unbearable unconvincing uneven unfunny unpleasant unwatchable vacuous
        vague vulgar wan wasteful wearisome wretched artless blunt botched drowsy dingy
        fatuous fumbling gaudy gloomy humdrum hurried
    """,
    "PAST+": """
        worked shone charmed soared sparkled succeeded delighted moved dazzled gripped
        triumphed thrilled impressed amused glowed flowed excelled surprised sang
        clicked captivated enchanted prospered satisfied stirred touched crackled
        bloomed entertained fascinated flourished hummed inspired seduced blossomed
        glittered resonated rewarded pleased danced beguiled
    """,
    "PAST-": """
        failed dragged bored flopped stumbled faltered annoyed collapsed disappointed
        sagged crawled floundered fizzled irritated sank grated plodded suffered wilted
        limped drifted confused fumbled wobbled frustrated misfired staggered stalled
        unravelled tired backfired bombed disgusted creaked droned meandered rambled
        repelled slumped tanked wearied
    """,
    "FELT+": """
        loved enjoyed liked admired adored praised cherished relished treasured
        appreciated savoured applauded celebrated cheered commended recommended prized
        welcomed embraced hailed saluted remembered
    """,
    "FELT-": """
        hated disliked loathed despised detested regretted resented endured mocked
        deplored scorned dreaded lamented abhorred condemned criticised pitied suffered
        dismissed rejected spurned tolerated
    """,
    "MORE+": """
        better funnier sharper smarter warmer richer finer bolder fresher livelier
        stronger wittier wiser cleverer lovelier deeper subtler tighter sweeter brighter
        nobler
    """,
    "MORE-": """
        worse duller slower weaker sillier lazier flatter uglier cheaper clumsier
        emptier messier shallower poorer staler thinner cruder colder blander drearier
        limper
    """,
    "THING": """
        plot acting story cast script ending music dialogue direction humour writing
        camera romance pacing opening editing soundtrack villain hero comedy drama
        screenplay photography action tension suspense setting lighting premise concept
        narration finale twist chase stunt costume makeup scenery choreography animation
        score theme tone mood style structure climax subplot love rivalry friendship
        character lead star chemistry performance casting production design effect sound
        singing dancing fight duel battle mystery puzzle satire parody irony farce
        slapstick banter wordplay monologue voiceover prologue epilogue flashback
        montage closeup framing palette colour texture rhythm tempo melody chorus ballad
        overture storyline adaptation message moral symbolism imagery metaphor fantasy
        vision atmosphere background landscape wardrobe craft delivery accent rapport
        heroine sidekick ensemble cameo interlude sequence resolution reunion betrayal
        confession
    """,
    "RIVAL": """
        book novel play sequel pilot trailer remake series prequel musical comic
        poster documentary advert opera manga game memoir legend biography
    """,
    "DEGREE": """
        very really quite so truly rather utterly deeply simply consistently strangely
        surprisingly remarkably unusually completely extremely thoroughly totally wholly
        decidedly genuinely fairly incredibly undeniably unexpectedly oddly absolutely
        positively noticeably overwhelmingly pretty exceptionally distinctly
        extraordinarily particularly curiously
    """,
    "ASIDE": """
        honestly frankly overall clearly admittedly personally generally briefly finally
        lastly mostly altogether evidently apparently obviously basically truthfully
        seriously
    """,
    "KIND": """
        war horror family crime student silent sports spy road disaster heist zombie
        western gangster vampire holiday monster pirate detective prison space samurai
        dance robot school wedding courtroom survival jungle cowboy superhero espionage
        surfing boxing racing festival television budget french italian korean indian
        danish polish german spanish russian japanese brazilian mexican egyptian
        nigerian swedish turkish iranian chilean
    """,
    "PLACE": """
        paris london berlin rome madrid dublin boston chicago toronto sydney tokyo delhi
        cairo lagos nairobi lisbon vienna prague warsaw athens oslo helsinki istanbul
        mumbai seoul shanghai lima bogota montreal havana glasgow leeds bristol oxford
        cambridge naples milan turin seville porto lyon marseille geneva zurich munich
        hamburg dresden krakow budapest belgrade zagreb riga vilnius tallinn bergen
        malmo aarhus ghent antwerp utrecht
    """,
    "WHEN": """
        night week year month summer winter spring autumn weekend monday tuesday
        wednesday thursday friday saturday sunday january february march april may june
        july august september october november december holiday season
    """,
    "NAME": " ".join(_names()),
}
WORDS = {name: tuple(words.split()) for name, words in _LISTS.items()}
