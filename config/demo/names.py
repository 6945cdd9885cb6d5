"""Names of people from many places, and their spelling in e-mail addresses."""

# ruff: noqa: RUF001 (letters that look like Latin ones are intended)

import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

# Letters that Unicode does not decompose, and characters that mailboxes lack.
PLAIN_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "ß": "ss", "đ": "d", "ı": "i", "æ": "ae", " ": "", "'": ""}
)


@dataclass(frozen=True)
class Culture:
    """The names of people from a place. Names in other scripts are written `name/latin`."""

    language: str
    timezone: str
    currency: str
    given_names: str
    family_names: str
    pattern: str = "{given} {family}"

    @cached_property
    def given(self) -> tuple[tuple[str, str], ...]:
        return tuple(map(_spelled, self.given_names.split(", ")))

    @cached_property
    def family(self) -> tuple[tuple[str, str], ...]:
        return tuple(map(_spelled, self.family_names.split(", ")))

    def __len__(self) -> int:
        return len(self.given) * len(self.family)


@dataclass(frozen=True)
class Name:
    """The name of a person."""

    full: str
    mailbox: str
    culture: Culture


def _spelled(entry: str) -> tuple[str, str]:
    """Return a name, and its spelling in an e-mail address."""
    name, _, latin = entry.partition("/")
    decomposed = unicodedata.normalize("NFKD", (latin or name).lower().translate(PLAIN_LETTERS))
    return name, "".join(letter for letter in decomposed if not unicodedata.combining(letter))


CULTURES = (
    Culture(
        "en", "Europe/London", "GBP",
        "Olivia, James, Grace, Daniel, Chloe, Henry, Amelia, Samuel, Ruby, Oscar",
        "Smith, Taylor, Walker, Bennett, Hughes, Clarke, Morgan, Wright, Foster, O'Neill",
    ),
    Culture(
        "en", "America/Chicago", "USD",
        "Mary, Tyler, Jasmine, Brandon, Ashley, Marcus, Kayla, Dwayne, Brooke, Hunter",
        "Johnson, Williams, Jackson, Anderson, Coleman, Hayes, Reed, Sullivan, Brooks, Price",
    ),
    Culture(
        "es", "Europe/Madrid", "EUR",
        "Lucía, Mateo, Sofía, Javier, Carmen, Diego, Elena, Álvaro, Inmaculada, Íñigo",
        "García, Fernández, Núñez, Ibáñez, Castillo, Ortega, Peña, Vázquez, Muñoz, Güell",
    ),
    Culture(
        "pt-br", "America/Sao_Paulo", "USD",
        "João, Beatriz, Luíza, Caio, Inês, Thiago, Conceição, Rafael, Taís, Estêvão",
        "Silva, Araújo, Gonçalves, Carvalho, Guimarães, Moreira, Assunção, Rocha, Leão, Simões",
    ),
    Culture(
        "fr", "Europe/Paris", "EUR",
        "Zoé, François, Amélie, Loïc, Hélène, Théo, Anaïs, Gaël, Océane, Jérôme",
        "Lefèvre, Dubois, Moreau, Girard, Béranger, Faure, Chevalier, Rousseau, Noël, Brûlé",
    ),
    Culture(
        "de", "Europe/Berlin", "EUR",
        "Jürgen, Anneliese, Lukas, Käthe, Jörg, Franziska, Günter, Mareike, Björn, Sabine",
        "Müller, Schäfer, Weiß, Köhler, Groß, Vogel, Krüger, Böhm, Lehmann, Jäger",
    ),
    Culture(
        "cs", "Europe/Prague", "EUR",
        "Jiří, Kateřina, Ondřej, Žofie, Tomáš, Barbora, Šimon, Vendula, Luboš, Růžena",
        "Janů, Petrů, Krejčí, Kočí, Martinů, Dolejší, Hořejší, Kubů, Jirků, Pavlů",
    ),
    Culture(
        "pl", "Europe/Warsaw", "EUR",
        "Łukasz, Małgorzata, Paweł, Agnieszka, Michał, Zofia, Stanisław, Bożena, Jędrzej, Wiesława",
        "Nowak, Wójcik, Mazur, Krawczyk, Zając, Król, Wróbel, Dudek, Pająk, Gołąb",
    ),
    Culture(
        "da", "Europe/Copenhagen", "EUR",
        "Søren, Åse, Bjørn, Freja, Mikkel, Signe, Øyvind, Dagmar, Anders, Jytte",
        "Østergård, Nygård, Sørensen, Lindqvist, Åkesson, Holm, Bjerre, Dahl, Kjær, Høeg",
    ),
    Culture(
        "tr", "Europe/Istanbul", "EUR",
        "Çağla, Oğuz, Şeyma, Emre, Gülşen, Barış, Zeynep, Yiğit, Ayşegül, Doğan",
        "Yılmaz, Demir, Öztürk, Şahin, Çelik, Koç, Aydın, Kılıç, Güneş, Doğruöz",
    ),
    Culture(
        "uk", "Europe/Kyiv", "EUR",
        "Олена/olena, Андрій/andrii, Марія/mariia, Тарас/taras, Оксана/oksana, Богдан/bohdan, "
        "Ірина/iryna, Дмитро/dmytro, Леся/lesia, Юрій/yurii",
        "Шевченко/shevchenko, Коваленко/kovalenko, Бондаренко/bondarenko, Ткаченко/tkachenko, "
        "Кравченко/kravchenko, Мельник/melnyk, Лисенко/lysenko, Савченко/savchenko, "
        "Гончар/honchar, Юрченко/yurchenko",
    ),
    Culture(
        "el", "Europe/Athens", "EUR",
        "Γιώργος/giorgos, Ελένη/eleni, Νίκος/nikos, Δήμητρα/dimitra, Κώστας/kostas, "
        "Χριστίνα/christina, Σπύρος/spyros, Αγγελική/angeliki, Θανάσης/thanasis, Ζωή/zoi",
        "Οικονόμου/oikonomou, Γεωργίου/georgiou, Αθανασίου/athanasiou, Βασιλείου/vasileiou, "
        "Νικολάου/nikolaou, Ιωάννου/ioannou, Χρήστου/christou, Αντωνίου/antoniou, "
        "Δημητρίου/dimitriou, Παύλου/pavlou",
    ),
    Culture(
        "ar", "Africa/Cairo", "USD",
        "محمد/mohamed, فاطمة/fatma, أحمد/ahmed, ليلى/layla, يوسف/youssef, مريم/mariam, "
        "عمر/omar, نور/nour, خالد/khaled, سلمى/salma",
        "حداد/haddad, منصور/mansour, خوري/khoury, سليمان/soliman, النجار/elnaggar, "
        "الخطيب/elkhatib, زيدان/zidan, قاسم/kassem, شاهين/shahin, فهمي/fahmy",
    ),
    Culture(
        "hi", "Asia/Kolkata", "USD",
        "आरव/aarav, प्रिया/priya, विवान/vivaan, अनन्या/ananya, रोहन/rohan, दीपिका/deepika, "
        "अर्जुन/arjun, कविता/kavita, संजय/sanjay, मीरा/meera",
        "शर्मा/sharma, गुप्ता/gupta, पटेल/patel, वर्मा/verma, मिश्रा/mishra, जोशी/joshi, "
        "अय्यर/iyer, चौहान/chauhan, मेहता/mehta, कुलकर्णी/kulkarni",
    ),
    Culture(
        "zh", "Asia/Shanghai", "USD",
        "娜/na, 伟/wei, 芳/fang, 敏/min, 静/jing, 磊/lei, 洋/yang, 艳/yan, 杰/jie, 雪梅/xuemei",
        "王/wang, 李/li, 张/zhang, 刘/liu, 陈/chen, 杨/yang, 黄/huang, 周/zhou, 吴/wu, 欧阳/ouyang",
        "{family}{given}",
    ),
    Culture(
        "ja", "Asia/Tokyo", "USD",
        "陽菜/hina, 蓮/ren, 結衣/yui, 大翔/hiroto, 美咲/misaki, 健太/kenta, 葵/aoi, 翔/sho, "
        "さくら/sakura, 直樹/naoki",
        "佐藤/sato, 鈴木/suzuki, 高橋/takahashi, 田中/tanaka, 渡辺/watanabe, 伊藤/ito, "
        "山本/yamamoto, 中村/nakamura, 小林/kobayashi, 加藤/kato",
        "{family} {given}",
    ),
    Culture(
        "ko", "Asia/Seoul", "USD",
        "민준/minjun, 서연/seoyeon, 지훈/jihoon, 하은/haeun, 도윤/doyun, 수빈/subin, 예준/yejun, "
        "지우/jiwoo, 현우/hyunwoo, 나래/narae",
        "김/kim, 이/yi, 박/park, 최/choi, 정/jung, 강/kang, 조/cho, 윤/yoon, 장/jang, 임/lim",
        "{family}{given}",
    ),
    Culture(
        "vi", "Asia/Ho_Chi_Minh", "USD",
        "Minh Anh, Đức, Hương, Quốc Bảo, Thảo, Tuấn, Ngọc, Hiếu, Phương Linh, Sơn",
        "Nguyễn, Trần, Lê, Phạm, Huỳnh, Đặng, Bùi, Đỗ, Hồ, Ngô",
        "{family} {given}",
    ),
    Culture(
        "en", "Africa/Lagos", "USD",
        "Chinwe, Adébáyò, Ngozi, Olúwaseun, Ifeoma, Emeka, Títílayò, Chukwudi, Amara, Fúnmi",
        "Okafor, Adéyemí, Nwosu, Balógun, Eze, Òkéowó, Achebe, Ìdòwú, Okonkwo, Babátúndé",
    ),
    Culture(
        "sw", "Africa/Nairobi", "USD",
        "Wanjikũ, Kamau, Achieng, Otieno, Zawadi, Baraka, Neema, Jabari, Mũthoni, Kiprono",
        "Mwangi, Odhiambo, Kariũki, Wambua, Kiptoo, Njoroge, Omondi, Mũtua, Chebet, Nyambura",
    ),
)  # fmt: skip

CULTURE_ENDS = tuple(accumulate(map(len, CULTURES)))
"""The running total of names after each culture."""
# Coprime to the number of names, so that steps of this size reach all of them.
NAME_STRIDE = 1237


def name(number: int, seed: int = 0) -> Name:
    """Return the name of person `number`. People of the same seed have different mailboxes."""
    repeated, place = divmod(number, CULTURE_ENDS[-1])
    place = (place + seed) * NAME_STRIDE % CULTURE_ENDS[-1]
    culture = CULTURES[bisect_right(CULTURE_ENDS, place)]
    given, family = divmod(place % len(culture), len(culture.family))
    (given_name, given_latin), (family_name, family_latin) = (
        culture.given[given],
        culture.family[family],
    )
    return Name(
        culture.pattern.format(given=given_name, family=family_name),
        f"{given_latin}.{family_latin}{repeated + 1 if repeated else ''}",
        culture,
    )
