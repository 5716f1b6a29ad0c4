"""Names, places and the sentences that people write."""

from __future__ import annotations

_FIRST = """
Anna Lena Marie Sophie Laura Julia Lea Hannah Emma Mia Clara Ida Frieda Paula Johanna Katharina Sarah Lisa Nina
Eva Greta Charlotte Emilia Helena Antonia Theresa Carla Martha Elif Aylin Zeynep Olga Natalia Chiara Ingrid
Renate Ursula Monika Petra Sabine Birgit Heike Andrea Claudia Paul Jonas Felix Leon Lukas Finn Noah Elias Ben
Maximilian Jakob Anton Emil Oskar Karl Theo Moritz Julian David Simon Tim Jan Niklas Fabian Florian Tobias
Sebastian Matthias Andreas Thomas Michael Stefan Martin Peter Wolfgang Klaus Jürgen Bernd Uwe Emre Mehmet Can
Luca Matteo Pavel Ivan Henrik Lars Björn
"""
_LAST = """
Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter Klein Wolf
Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange Schmitt Werner Krause Meier Lehmann
Köhler Herrmann König Walter Mayer Huber Kaiser Fuchs Peters Lang Scholz Möller Weiß Jung Hahn Schubert Vogel
Friedrich Keller Günther Frank Berger Winkler Roth Beck Lorenz Baumann Franke Albrecht Schuster Simon Ludwig
Böhm Winter Kraus Martin Schumacher Krämer Vogt Stein Jäger Otto Sommer Groß Seidel Heinrich Brandt Haas
Schreiber Graf Dietrich Ziegler Kuhn Kühn Pohl Engel Horn Busch Bergmann Thomas Voigt Sauer Arnold Wolff
Pfeiffer Yılmaz Kaya Demir Öztürk Nowak Kowalski Petrov Rossi Jensen
"""
FIRST_NAMES, LAST_NAMES = tuple(_FIRST.split()), tuple(_LAST.split())
ASCII = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ö": "oe", "ı": "i"}

CITIES = (
    ("Berlin", "10", "DE", "Europe/Berlin", 18, 52.520, 13.405),
    ("Hamburg", "20", "DE", "Europe/Berlin", 10, 53.551, 9.994),
    ("München", "80", "DE", "Europe/Berlin", 9, 48.137, 11.575),
    ("Köln", "50", "DE", "Europe/Berlin", 7, 50.938, 6.960),
    ("Frankfurt am Main", "60", "DE", "Europe/Berlin", 6, 50.110, 8.682),
    ("Leipzig", "04", "DE", "Europe/Berlin", 5, 51.340, 12.375),
    ("Stuttgart", "70", "DE", "Europe/Berlin", 5, 48.776, 9.183),
    ("Bremen", "28", "DE", "Europe/Berlin", 5, 53.079, 8.802),
    ("Hannover", "30", "DE", "Europe/Berlin", 5, 52.376, 9.732),
    ("Nürnberg", "90", "DE", "Europe/Berlin", 4, 49.454, 11.077),
    ("Dresden", "01", "DE", "Europe/Berlin", 4, 51.050, 13.737),
    ("Freiburg", "79", "DE", "Europe/Berlin", 3, 47.999, 7.842),
    ("Wien", "1", "AT", "Europe/Vienna", 4, 48.208, 16.373),
    ("Zürich", "8", "CH", "Europe/Zurich", 3, 47.377, 8.541),
    ("Helsinki", "00", "FI", "Europe/Helsinki", 1, 60.170, 24.938),
    ("Madrid", "28", "ES", "Europe/Madrid", 1, 40.417, -3.704),
    ("New York", "10", "US", "America/New_York", 1, 40.713, -74.006),
)
"""City, first digits of its postal codes, country, zone, weight, and where it lies (degrees north and east)."""

QUERIES = {
    "Coffee & Tea": "espresso", "Kitchen": "pan", "Home": "wool blanket", "Garden": "planter",
    "Outdoor": "rain jacket", "Sport": "yoga mat", "Kids": "puzzle", "Beauty": "hand cream", "Pets": "dog bed",
    "Stationery": "notebook",
}  # fmt: skip

TICKETS = (
    ("delivery", "Where is my parcel?", "My order should have been here days ago and tracking has not moved since."),
    ("delivery", "Delivery late again", "This is the second time that my parcel is late. When will it arrive?"),
    ("delivery", "Parcel not arrived", "The carrier says delivered, but nobody here has received anything."),
    ("damaged", "Arrived broken", "The box was crushed and the item inside is broken. I would like a replacement."),
    ("damaged", "Scratches on the item", "Nice product, but it has deep scratches. Please tell me what to do."),
    ("return", "How do I return this?", "It does not fit what I had in mind. Where do I find the return label?"),
    ("return", "Refund still missing", "I sent the item back two weeks ago and have not got my money yet."),
    ("product", "Question about care", "Can I put this into the dishwasher? The label does not say."),
    ("product", "Wrong colour", "I ordered the green one and got a blue one."),
    ("account", "Cannot sign in", "The link to reset my password never arrives. Can you help?"),
    ("account", "Change my address", "I have moved. How do I change the address of an order on its way?"),
)
"""Category, subject, text. The first three speak of late deliveries."""
LATE_TICKETS = 3
