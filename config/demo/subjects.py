"""Subjects: the categories of courses, with their topics and terms."""

from dataclasses import dataclass
from functools import cached_property

from courses.enums import Difficulty


@dataclass(frozen=True)
class Category:
    """A category: topics of courses, and terms that their lessons explain."""

    name: str
    topics_text: str
    terms_text: str

    @cached_property
    def topics(self) -> tuple[str, ...]:
        return tuple(self.topics_text.split(", "))

    @cached_property
    def terms(self) -> tuple[tuple[str, str], ...]:
        """The terms with their meanings."""
        lines = (line.partition(": ") for line in self.terms_text.strip().splitlines())
        return tuple((term.strip(), meaning.strip()) for term, _, meaning in lines)


TITLES = {
    Difficulty.BEGINNER: ("Introduction to {}", "{} from scratch", "First steps in {}"),
    Difficulty.INTERMEDIATE: ("{} in practice", "Working with {}", "{}, step by step"),
    Difficulty.ADVANCED: ("Advanced {}", "{} in depth", "Mastering {}"),
}

CATEGORIES = (
    Category(
        "Programming",
        "Python, SQL, Rust, web APIs, version control, automated testing, Linux, "
        "regular expressions",
        """
        variable: a name for a value that may change
        loop: a piece of code that runs again and again
        recursion: a function that calls itself on a smaller problem
        index: a structure that finds rows without reading all of them
        transaction: a group of changes of which all happen or none
        unit test: a check of one behaviour, apart from everything else
        exception: a signal that interrupts the usual course of a program
        interface: what a part promises to those who use it
        """,
    ),
    Category(
        "Data science",
        "statistics, data visualisation, machine learning, time series, pandas, survey data, "
        "neural networks, experiments",
        """
        median: the value in the middle of the sorted values
        variance: the mean of the squared distances from the mean
        outlier: an observation far away from all the others
        overfitting: learning the noise of the training data along with its pattern
        correlation: how far two quantities rise and fall together
        confidence interval: a range that would cover the true value in most repetitions
        feature: an input that a model makes its prediction from
        cross-validation: testing a model on parts of the data left out in turn
        """,
    ),
    Category(
        "Design",
        "typography, user interfaces, colour, user research, design systems, illustration, "
        "accessibility, logos",
        """
        contrast: how clearly something stands out from what is behind it
        grid: lines that the elements of a page are aligned to
        kerning: the space between two particular letters
        white space: the empty area that gives the rest room to breathe
        persona: an invented user who stands for a group of real ones
        wireframe: a drawing of a page without colours and details
        hierarchy: an order in which the eye takes in what is on a page
        affordance: a quality that shows how a thing can be used
        """,
    ),
    Category(
        "Business",
        "project management, negotiation, bookkeeping, leadership, business plans, "
        "remote teams, public speaking, procurement",
        """
        cash flow: the money that comes in and goes out over a time
        margin: what is left of a price after the cost
        stakeholder: somebody who has an interest in the outcome
        milestone: a point by which a stage has to be finished
        depreciation: the spreading of an asset's cost over the years of its use
        break-even point: the sales at which costs are covered exactly
        delegation: handing over a task together with the authority for it
        scope creep: the slow growth of a project beyond what was agreed
        """,
    ),
    Category(
        "Marketing",
        "search engines, newsletters, copywriting, social media, branding, market research, "
        "web analytics, pricing",
        """
        conversion rate: the share of visitors who do what they were hoped to do
        funnel: the steps from the first contact to the purchase
        target group: the people whom a message is meant for
        churn: the share of customers who leave within a time
        segment: a group of customers who have something in common
        call to action: a sentence that says what to do next
        A/B test: a comparison of two versions on visitors chosen by chance
        positioning: the place of a brand in the minds of its customers
        """,
    ),
    Category(
        "Languages",
        "Spanish, Czech, Japanese, French grammar, business English, German pronunciation, "
        "Arabic script, Italian conversation",
        """
        noun: a word for a person, a place, a thing or an idea
        verb: a word for an action or a state
        tense: a form of the verb that says when something happens
        adjective: a word that describes a noun
        cognate: a word of common origin with one of another language
        idiom: a phrase whose meaning is not that of its words
        syllable: a unit of speech with one vowel sound
        case: a form of the noun that shows its role in the sentence
        """,
    ),
    Category(
        "Photography",
        "portraits, landscapes, street photography, studio light, black and white film, "
        "photo editing, wildlife, smartphone cameras",
        """
        aperture: the opening of the lens that lets in the light
        shutter speed: the time for which the sensor sees the light
        exposure: the amount of light that makes up the picture
        depth of field: the range of distances that is sharp
        white balance: the setting that makes white things look white
        focal length: what decides between a wide view and a narrow one
        histogram: a chart of how many pixels have which brightness
        golden hour: the time of soft light after sunrise and before sunset
        """,
    ),
    Category(
        "Music",
        "the piano, the guitar, singing, music theory, songwriting, home recording, "
        "jazz improvisation, choir conducting",
        """
        chord: several notes that sound at the same time
        interval: the distance between two notes in pitch
        tempo: the speed of a piece of music
        metre: the pattern of strong and weak beats
        scale: a series of notes in order of their pitch
        dynamics: the changes between loud and soft
        cadence: a sequence of chords that ends a phrase
        syncopation: a stress where no strong beat is expected
        """,
    ),
    Category(
        "Mathematics",
        "linear algebra, calculus, probability, number theory, graph theory, geometry, "
        "differential equations, mathematical proofs",
        """
        derivative: the rate at which a function changes at a point
        matrix: a rectangle of numbers in rows and columns
        prime number: a whole number with exactly two divisors
        vector: a quantity that has a length and a direction
        limit: the value that a sequence comes arbitrarily close to
        proof: a chain of steps from what is known to what is claimed
        eigenvalue: the factor by which a map stretches a direction that it keeps
        integral: the area below the graph of a function
        """,
    ),
    Category(
        "Health",
        "first aid, nutrition, yoga, better sleep, running, stress management, anatomy, meditation",
        """
        metabolism: all chemical changes that keep a body alive
        resting pulse: the number of heartbeats in a minute of rest
        protein: a nutrient that tissue is built and repaired from
        recovery position: lying on the side so that the airway stays free
        circadian rhythm: the daily cycle of waking and sleeping
        mobility: the range through which a joint moves under control
        hydration: having taken in enough water
        endurance: the ability to keep up an effort for long
        """,
    ),
    Category(
        "Cooking",
        "sourdough bread, Italian cooking, Indian spices, knife skills, vegetarian dishes, "
        "fermentation, pastry, soups and broths",
        """
        emulsion: a fine mixture of liquids that do not dissolve in each other
        blanching: boiling for a moment and then cooling at once
        umami: the savoury one among the basic tastes
        roux: flour cooked in fat in order to thicken a sauce
        proofing: letting a dough rise before it is baked
        caramelisation: the browning of sugar by heat
        marinade: a seasoned liquid in which food rests before cooking
        reduction: a liquid boiled down until its taste is strong
        """,
    ),
    Category(
        "History",
        "ancient Rome, the Silk Road, the Renaissance, the Industrial Revolution, oral history, "
        "the Ottoman Empire, the history of science, archives",
        """
        primary source: a witness from the very time that is studied
        chronology: the order of events in time
        feudalism: a society built on land given in return for service
        artefact: an object made by people of the past
        humanism: the turn to ancient learning and to human dignity
        guild: an association of people of the same craft
        archive: a place where records are kept and put in order
        historiography: the study of how history has been written
        """,
    ),
)  # fmt: skip
