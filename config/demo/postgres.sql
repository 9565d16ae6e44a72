-- A platform full of invented people, for demos and benchmarks, for PostgreSQL.
--
-- It fills the reference schema and the daemon's consents from two temporary tables that the program provides, with
-- bigint wherever there is a number:
--
--   demo            one row: how many customers, the instant that counts as today, a seed
--   demo_workgroup  the workgroups, each a theatre or a salon, with their relative sizes
--
-- The same input gives the same rows, and the same ones as sqlite.sql beside it: chance is arithmetic over ids and the
-- seed. The ids that others point to are computed too, so that nothing has to be looked up to be linked, and have
-- gaps, as they do on real platforms; where the store hands them out, an ORDER BY says in which order.
--
-- Chance.   mix(id, seed): x = (id * 48271 + seed * 69621 + salt) % 2147483647
--                          h = (x * x % 2147483647 * 48271 + x * 7919) % 2147483629
--           Squaring is what scatters: consecutive ids would otherwise give evenly spaced numbers. No product
--           leaves 63 bits. A query takes its draws from the remainder and the quotients of one h.
-- People.   The table of stories says who there is: regulars, and for each rule of config/dataset.toml somebody for
--           whom it is the first that matches, at a retention of two years as well as of three.
-- Contact.  Mail goes to reserved domains. British, German and French numbers begin with a range set aside for
--           fiction, Austrian ones are plainly made up, others begin with +999, which belongs to no country. An id
--           ends them, so that a value can be searched for in a whole store; from a million people on they repeat.
--
-- Temporary tables are counted (ANALYZE) as soon as they are filled: PostgreSQL chooses its joins by what it knows of
-- them. Compiling statements that run once costs more than it gives.
SET LOCAL jit = off;
SET LOCAL work_mem = '128MB';


-- ── Words ───────────────────────────────────────────────────────────────────────────────────────────────────────

-- What people, streets and plays are called. `mail` is the last name as it stands in an address.
CREATE TEMP TABLE demo_word (
    language text, n bigint, female bigint, first_name text, last_name text, mail text, street text,
    postal_code text, city text, play text,
    PRIMARY KEY (language, n)
);

INSERT INTO demo_word VALUES
('de',  0, 1, 'Anna',       'Gruber',     'gruber',     'Lindengasse', '1070', 'Wien', 'Der Sturm'),
('de',  1, 0, 'Lukas',      'Müller',     'mueller',    'Hauptstraße', '8010', 'Graz', 'Faust'),
('de',  2, 1, 'Katharina',  'Wagner',     'wagner',     'Bahnhofstraße', '4020', 'Linz', 'Die Möwe'),
('de',  3, 0, 'Thomas',     'Pichler',    'pichler',    'Schulgasse', '5020', 'Salzburg', 'Nathan der Weise'),
('de',  4, 1, 'Sabine',     'Schäfer',    'schaefer',   'Gartenweg', '6020', 'Innsbruck', 'Die Räuber'),
('de',  5, 0, 'Andreas',    'Hofmann',    'hofmann',    'Kirchplatz', '1090', 'Wien', 'Die Zauberflöte'),
('de',  6, 1, 'Julia',      'Steiner',    'steiner',    'Mühlweg', '9020', 'Klagenfurt', 'Der Freischütz'),
('de',  7, 0, 'Stefan',     'Bauer',      'bauer',      'Am Anger', '80331', 'München', 'Woyzeck'),
('de',  8, 1, 'Elisabeth',  'Weiß',       'weiss',      'Rosenweg', '10115', 'Berlin', 'Der zerbrochne Krug'),
('de',  9, 0, 'Michael',    'Leitner',    'leitner',    'Feldgasse', '3100', 'St. Pölten', 'Reigen'),
('de', 10, 1, 'Johanna',    'Köhler',     'koehler',    'Brunnengasse', '20095', 'Hamburg', 'Emilia Galotti'),
('de', 11, 0, 'Markus',     'Moser',      'moser',      'Wiesenweg', '1040', 'Wien', 'Leonce und Lena'),
('de', 12, 1, 'Martina',    'Schwarz',    'schwarz',    'Marktplatz', '50667', 'Köln', 'Maria Stuart'),
('de', 13, 0, 'Florian',    'Berger',     'berger',     'Seestraße', '6900', 'Bregenz', 'Der Verschwender'),
('de', 14, 1, 'Claudia',    'Fuchs',      'fuchs',      'Neubaugasse', '1160', 'Wien', 'Fidelio'),
('de', 15, 0, 'Jakob',      'Winkler',    'winkler',    'Klosterweg', '7000', 'Eisenstadt', 'Der Talisman'),
('en',  0, 1, 'Emily',      'Baker',      'baker',      'Church Lane', 'YO1 7', 'York', 'The Tempest'),
('en',  1, 0, 'James',      'Walker',     'walker',     'High Street', 'BA1 1', 'Bath', 'Hamlet'),
('en',  2, 1, 'Charlotte',  'Hughes',     'hughes',     'Mill Road', 'CB1 2', 'Cambridge', 'Twelfth Night'),
('en',  3, 0, 'Oliver',     'Bennett',    'bennett',    'Station Road', 'OX1 3', 'Oxford', 'The Rivals'),
('en',  4, 1, 'Grace',      'Foster',     'foster',     'Queen Street', 'LS1 4', 'Leeds', 'Macbeth'),
('en',  5, 0, 'Henry',      'Marsh',      'marsh',      'Orchard Close', 'BS1 5', 'Bristol', 'As You Like It'),
('en',  6, 1, 'Alice',      'Turner',     'turner',     'Victoria Road', 'NR1 6', 'Norwich', 'The Way of the World'),
('en',  7, 0, 'George',     'Palmer',     'palmer',     'The Green', 'EX1 7', 'Exeter', 'Volpone'),
('en',  8, 1, 'Hannah',     'Clarke',     'clarke',     'Castle Street', 'DH1 8', 'Durham', 'King Lear'),
('en',  9, 0, 'Samuel',     'O''Connor',  'oconnor',    'Harbour View', 'PO1 9', 'Portsmouth', 'The Beggar''s Opera'),
('en', 10, 1, 'Lucy',       'Ward',       'ward',       'Meadow Way', 'EH1 1', 'Edinburgh', 'Othello'),
('en', 11, 0, 'Arthur',     'Fletcher',   'fletcher',   'Bridge Street', 'CF1 2', 'Cardiff', 'Richard III'),
('en', 12, 1, 'Rose',       'Hunter',     'hunter',     'Park Avenue', 'G1 3', 'Glasgow', 'Doctor Faustus'),
('en', 13, 0, 'Daniel',     'Spencer',    'spencer',    'Chapel Hill', 'M1 4', 'Manchester', 'The Duchess of Malfi'),
('en', 14, 1, 'Eleanor',    'Whitfield',  'whitfield',  'Kings Road', 'L1 5', 'Liverpool', 'Every Man in His Humour'),
('en', 15, 0, 'Edward',     'Shaw',       'shaw',       'Manor Drive', 'S1 6', 'Sheffield', 'The School for Scandal'),
('fr',  0, 1, 'Camille',    'Dubois',     'dubois',     'Rue des Lilas', '75011', 'Paris', 'Le Misanthrope'),
('fr',  1, 0, 'Julien',     'Lefèvre',    'lefevre',    'Rue de la Gare', '69002', 'Lyon', 'Le Cid'),
('fr',  2, 1, 'Hélène',     'Moreau',     'moreau',     'Avenue Foch', '31000', 'Toulouse', 'Phèdre'),
('fr',  3, 0, 'Antoine',    'Girard',     'girard',     'Place du Marché', '44000', 'Nantes', 'Tartuffe'),
('fr',  4, 1, 'Manon',      'Rousseau',   'rousseau',   'Rue du Moulin', '33000', 'Bordeaux', 'Ruy Blas'),
('fr',  5, 0, 'Nicolas',    'Fontaine',   'fontaine',   'Rue Pasteur', '59000', 'Lille', 'Andromaque'),
('fr',  6, 1, 'Élodie',     'Chevalier',  'chevalier',  'Chemin des Vignes', '67000', 'Strasbourg', 'L’Avare'),
('fr',  7, 0, 'Mathieu',    'Blanchard',  'blanchard',  'Rue Victor Hugo', '34000', 'Montpellier', 'Hernani'),
('fr',  8, 1, 'Sophie',     'Mercier',    'mercier',    'Quai des Brumes', '35000', 'Rennes', 'Bérénice'),
('fr',  9, 0, 'Luc',        'Garnier',    'garnier',    'Rue de l’Église', '76000', 'Rouen', 'Lorenzaccio'),
('fr', 10, 1, 'Claire',     'Lambert',    'lambert',    'Allée des Tilleuls', '21000', 'Dijon', 'Dom Juan'),
('fr', 11, 0, 'Étienne',    'Perrin',     'perrin',     'Rue Molière', '38000', 'Grenoble', 'Cyrano de Bergerac'),
('fr', 12, 1, 'Margaux',    'Renaud',     'renaud',     'Rue du Port', '13001', 'Marseille', 'Cinna'),
('fr', 13, 0, 'Baptiste',   'Colin',      'colin',      'Rue Neuve', '06000', 'Nice', 'Carmen'),
('fr', 14, 1, 'Inès',       'Fournier',   'fournier',   'Rue des Écoles', '37000', 'Tours', 'Le Malade imaginaire'),
('fr', 15, 0, 'Rémi',       'Gauthier',   'gauthier',   'Cours Mirabeau', '84000', 'Avignon', 'Britannicus'),
('it',  0, 1, 'Giulia',     'Ricci',      'ricci',      'Via Roma', '20121', 'Milano', 'La locandiera'),
('it',  1, 0, 'Marco',      'Ferrari',    'ferrari',    'Via Garibaldi', '10121', 'Torino', 'Tosca'),
('it',  2, 1, 'Chiara',     'Colombo',    'colombo',    'Via dei Mille', '50122', 'Firenze', 'La traviata'),
('it',  3, 0, 'Alessandro', 'Conti',      'conti',      'Corso Italia', '40121', 'Bologna', 'Rigoletto'),
('it',  4, 1, 'Francesca',  'Gallo',      'gallo',      'Via Verdi', '16121', 'Genova', 'Il barbiere di Siviglia'),
('it',  5, 0, 'Matteo',     'Moretti',    'moretti',    'Via Dante', '37121', 'Verona', 'La bottega del caffè'),
('it',  6, 1, 'Elena',      'Barbieri',   'barbieri',   'Via del Sole', '30121', 'Venezia', 'Norma'),
('it',  7, 0, 'Davide',     'Fontana',    'fontana',    'Piazza Nuova', '34121', 'Trieste', 'Aida'),
('it',  8, 1, 'Sara',       'Santoro',    'santoro',    'Via Mazzini', '80121', 'Napoli', 'La mandragola'),
('it',  9, 0, 'Paolo',      'Mariani',    'mariani',    'Via Cavour', '90121', 'Palermo', 'Mirra'),
('it', 10, 1, 'Valentina',  'Rinaldi',    'rinaldi',    'Via delle Rose', '38121', 'Trento', 'Don Pasquale'),
('it', 11, 0, 'Simone',     'Caruso',     'caruso',     'Via San Marco', '39100', 'Bolzano', 'Il campiello'),
('it', 12, 1, 'Martina',    'Ferrara',    'ferrara',    'Viale dei Pini', '06121', 'Perugia', 'La Gioconda'),
('it', 13, 0, 'Luca',       'Galli',      'galli',      'Via Manzoni', '35121', 'Padova', 'L’elisir d’amore'),
('it', 14, 1, 'Alice',      'Martini',    'martini',    'Via Leopardi', '00184', 'Roma', 'Il ventaglio'),
('it', 15, 0, 'Andrea',     'Leone',      'leone',      'Via della Torre', '70121', 'Bari', 'Nabucco'),
('es',  0, 1, 'Lucía',      'García',     'garcia',     'Calle Mayor', '28013', 'Madrid', 'La vida es sueño'),
('es',  1, 0, 'Alejandro',  'Martínez',   'martinez',   'Calle Real', '08001', 'Barcelona', 'Fuenteovejuna'),
('es',  2, 1, 'Carmen',     'Navarro',    'navarro',    'Calle del Sol', '41001', 'Sevilla', 'Don Juan Tenorio'),
('es',  3, 0, 'Javier',     'Romero',     'romero',     'Avenida del Mar', '46001', 'Valencia', 'El alcalde de Zalamea'),
('es',  4, 1, 'Marta',      'Serrano',    'serrano',    'Plaza Nueva', '50001', 'Zaragoza', 'La dama boba'),
('es',  5, 0, 'Pablo',      'Ortega',     'ortega',     'Calle Ancha', '29001', 'Málaga', 'El caballero de Olmedo'),
('es',  6, 1, 'Elena',      'Molina',     'molina',     'Calle de la Rosa', '30001', 'Murcia', 'El perro del hortelano'),
('es',  7, 0, 'Diego',      'Castro',     'castro',     'Paseo del Río', '48001', 'Bilbao', 'La verdad sospechosa'),
('es',  8, 1, 'Isabel',     'Vidal',      'vidal',      'Calle San Juan', '18001', 'Granada', 'El sí de las niñas'),
('es',  9, 0, 'Álvaro',     'Iglesias',   'iglesias',   'Calle Nueva', '37001', 'Salamanca', 'La Celestina'),
('es', 10, 1, 'Rocío',      'Cortés',     'cortes',     'Calle Larga', '11001', 'Cádiz', 'La dama duende'),
('es', 11, 0, 'Sergio',     'Campos',     'campos',     'Calle del Carmen', '15001', 'A Coruña', 'Numancia'),
('es', 12, 1, 'Pilar',      'Herrera',    'herrera',    'Avenida de la Paz', '14001', 'Córdoba', 'El burlador de Sevilla'),
('es', 13, 0, 'Manuel',     'Peña',       'pena',       'Calle Alta', '39001', 'Santander', 'Entremeses'),
('es', 14, 1, 'Nuria',      'Cano',       'cano',       'Calle Cervantes', '47001', 'Valladolid', 'La discreta enamorada'),
('es', 15, 0, 'Andrés',     'Prieto',     'prieto',     'Calle del Pozo', '45001', 'Toledo', 'Peribáñez'),
('bg',  0, 1, 'Мария',      'Иванов',     'ivanov',     'ул. Шипка', '1000', 'София', 'Криворазбраната цивилизация'),
('bg',  1, 0, 'Георги',     'Петров',     'petrov',     'ул. Раковски', '4000', 'Пловдив', 'Хъшове'),
('bg',  2, 1, 'Елена',      'Димитров',   'dimitrov',   'бул. Витоша', '9000', 'Варна', 'Службогонци'),
('bg',  3, 0, 'Николай',    'Стоянов',    'stoyanov',   'ул. Розова долина', '8000', 'Бургас', 'Към пропаст'),
('bg',  4, 1, 'Десислава',  'Георгиев',   'georgiev',   'ул. Липа', '7000', 'Русе', 'Иванко'),
('bg',  5, 0, 'Иван',       'Николов',    'nikolov',    'ул. Места', '6000', 'Стара Загора', 'Ревизор'),
('bg',  6, 1, 'Виктория',   'Тодоров',    'todorov',    'ул. Пирин', '5800', 'Плевен', 'Вишнева градина'),
('bg',  7, 0, 'Димитър',    'Колев',      'kolev',      'ул. Струма', '2700', 'Благоевград', 'Хамлет'),
('bg',  8, 1, 'Радостина',  'Илиев',      'iliev',      'ул. Тунджа', '8600', 'Ямбол', 'Боян Магесникът'),
('bg',  9, 0, 'Петър',      'Маринов',    'marinov',    'ул. Марица', '6300', 'Хасково', 'Женитба'),
('bg', 10, 1, 'Силвия',     'Ангелов',    'angelov',    'ул. Явор', '5000', 'Велико Търново', 'Антигона'),
('bg', 11, 0, 'Стефан',     'Попов',      'popov',      'ул. Бреза', '9700', 'Шумен', 'Медея'),
('bg', 12, 1, 'Йоана',      'Василев',    'vasilev',    'ул. Здравец', '9300', 'Добрич', 'Скъперникът'),
('bg', 13, 0, 'Мартин',     'Христов',    'hristov',    'ул. Явор', '5300', 'Габрово', 'Тартюф'),
('bg', 14, 1, 'Цветелина',  'Костов',     'kostov',     'ул. Искър', '3000', 'Враца', 'Чайка'),
('bg', 15, 0, 'Калоян',     'Спасов',     'spasov',     'ул. Родопи', '4700', 'Смолян', 'Буря');

-- What is said and sold in a language. `{}` stands for a name.
CREATE TEMP TABLE demo_phrase (
    language text PRIMARY KEY, madam text, sir text, about text, fetched text, seated text, visited text,
    pass text, programme text, book text, bottle text, full_price text, reduced text, poster text, anonymised text
);

INSERT INTO demo_phrase VALUES
('de', 'Frau', 'Herr', '{} sitzt gern am Gang, bitte vorher anrufen.', '{} holt alles selbst ab.',
 'Rollstuhlplatz für {}.', '{} verträgt keine Bleiche.', 'Abonnement', 'Programmheft', 'Bildband', 'Haarpflege',
 'Vollpreis', 'ermäßigt', 'Plakat', 'Geändert im Zuge einer DSGVO-Anonymisierung'),
('en', 'Ms', 'Mr', '{} prefers the aisle, please ring beforehand.', '{} collects in person.',
 'Wheelchair space for {}.', '{} cannot have bleach.', 'Season pass', 'Programme', 'Picture book', 'Hair care',
 'full price', 'reduced', 'poster', 'Changed in the course of a GDPR anonymisation'),
('fr', 'Mme', 'M.', '{} préfère le bord d’allée, téléphoner avant.', '{} vient retirer sur place.',
 'Place pour fauteuil roulant : {}.', '{} ne supporte pas la décoloration.', 'Abonnement', 'Programme', 'Beau livre',
 'Soin capillaire', 'plein tarif', 'tarif réduit', 'affiche', 'Modifié dans le cadre d’une anonymisation RGPD'),
('it', 'Sig.ra', 'Sig.', '{} preferisce il corridoio, telefonare prima.', '{} ritira di persona.',
 'Posto per sedia a rotelle per {}.', '{} non tollera la decolorazione.', 'Abbonamento', 'Programma di sala',
 'Libro fotografico', 'Cura dei capelli', 'intero', 'ridotto', 'manifesto',
 'Modificato nell’ambito di un’anonimizzazione GDPR'),
('es', 'Sra.', 'Sr.', '{} prefiere el pasillo, llamar antes.', '{} lo recoge en persona.',
 'Plaza para silla de ruedas: {}.', '{} no tolera la decoloración.', 'Abono', 'Programa de mano', 'Libro ilustrado',
 'Cuidado capilar', 'general', 'reducida', 'cartel', 'Modificado en el marco de una anonimización conforme al RGPD'),
('bg', 'г-жа', 'г-н', '{} предпочита място до пътеката, обадете се предварително.', '{} взема всичко лично.',
 'Място за инвалидна количка: {}.', '{} не понася изрусяване.', 'Абонамент', 'Програма', 'Албум', 'Грижа за косата',
 'цяла цена', 'с намаление', 'плакат', 'Променено при анонимизиране съгласно ОРЗД (GDPR)');

CREATE TEMP TABLE demo_service (language text, n bigint, name text, PRIMARY KEY (language, n));

INSERT INTO demo_service VALUES
('de', 0, 'Haarschnitt'),   ('de', 1, 'Färben'),     ('de', 2, 'Maniküre'), ('de', 3, 'Massage'),
('en', 0, 'Haircut'),       ('en', 1, 'Colouring'),  ('en', 2, 'Manicure'), ('en', 3, 'Massage'),
('fr', 0, 'Coupe'),         ('fr', 1, 'Couleur'),    ('fr', 2, 'Manucure'), ('fr', 3, 'Massage'),
('it', 0, 'Taglio'),        ('it', 1, 'Colore'),     ('it', 2, 'Manicure'), ('it', 3, 'Massaggio'),
('es', 0, 'Corte'),         ('es', 1, 'Tinte'),      ('es', 2, 'Manicura'), ('es', 3, 'Masaje'),
('bg', 0, 'Подстригване'),  ('bg', 1, 'Боядисване'), ('bg', 2, 'Маникюр'),  ('bg', 3, 'Масаж');


-- ── Stories ─────────────────────────────────────────────────────────────────────────────────────────────────────

-- Who there is, how many of a thousand, and how their lives with the house go. Spans are days before today:
--   made    when the record was created
--   seen    the last sign of life, never before `made`; earlier ones lie between the two
--   orders, visits   one up to so many (0: none); a visit is an appointment
--   basket  what the last order holds; in `any`, `tickets` and `shelf` the earlier ones are like it
--   login   lately: within the last year and a half; then: at the last sign of life, for every other one; never
--   consent holds: for everyone, to this day; some: any state, for some; over: none that still holds
CREATE TEMP TABLE demo_story (
    kind text, story text, share bigint, made_from bigint, made_to bigint, seen_from bigint, seen_to bigint,
    orders bigint, basket text, visits bigint, login text, consent text
);

INSERT INTO demo_story VALUES
('theatre', 'regular',                 362,  200, 4200,    0,  560, 5, 'any',                0, 'then',   'some'),
('theatre', 'planning ahead',           60,   60, 4000,    2,   60, 4, 'ahead',              0, 'then',   'some'),
('theatre', 'newcomer',                 55,    5,  600,    1,  400, 2, 'any',                0, 'then',   'some'),
('theatre', 'lapsed',                  188, 1300, 4300, 1190, 4200, 4, 'any',                0, 'then',   'over'),
('theatre', 'fading',                   60,  900, 4300,  800, 1030, 3, 'tickets',            0, 'then',   'over'),
('theatre', 'looked once',              36, 1120, 4300, 1110, 4300, 0, '',                   0, 'never',  'over'),
('theatre', 'just looking',             25,    1,  700,    0,  700, 0, '',                   0, 'never',  ''),
('theatre', 'voucher spent',            16, 1560, 4300, 1540, 4200, 1, 'voucher',            0, 'then',   'over'),
('theatre', 'voucher in a drawer',      10, 1300, 4000, 1250, 3900, 1, 'lasting voucher',    0, 'never',  'over'),
('theatre', 'member once',              15, 1560, 4300, 1540, 4200, 1, 'pass',               0, 'then',   'over'),
('theatre', 'member revoked',            8, 1300, 4300, 1200, 4200, 1, 'revoked pass',       0, 'then',   'over'),
('theatre', 'member for long',          12, 1300, 4300, 1200, 4200, 1, 'lasting pass',       0, 'never',  'over'),
('theatre', 'honorary member',           4, 1300, 4300, 1200, 4200, 0, 'honorary pass',      0, 'never',  'over'),
('theatre', 'paid for another once',     9, 1560, 4300, 1540, 4200, 1, 'gift pass',          0, 'never',  'over'),
('theatre', 'paid for one revoked',      7, 1300, 4300, 1200, 4200, 1, 'revoked gift pass',  0, 'never',  'over'),
('theatre', 'pays for another',          8, 1300, 4300, 1200, 4200, 1, 'lasting gift pass',  0, 'never',  'over'),
('theatre', 'collected books',           9, 1300, 4300, 1200, 4200, 2, 'shelf',              0, 'never',  'over'),
('theatre', 'bought a book lately',      8, 1300, 4300,   10,  690, 1, 'shelf',              0, 'never',  'over'),
('theatre', 'ordered a programme',       8, 1300, 4300,   10,  600, 1, 'programme',          0, 'never',  'over'),
('theatre', 'holds a reservation',      15, 1300, 4300, 1200, 4200, 1, 'tickets',            0, 'never',  'over'),
('theatre', 'wants the newsletter',     15, 1300, 4300, 1200, 4200, 2, 'tickets',            0, 'never',  'holds'),
('theatre', 'looks in online',          12, 1300, 4300, 1200, 4200, 2, 'tickets',            0, 'lately', 'over'),
('theatre', 'cancelled lately',         10, 1300, 4300,   10,  690, 1, 'cancelled',          0, 'never',  'over'),
('theatre', 'cancelled long ago',        6, 1300, 4300, 1200, 4200, 1, 'cancelled',          0, 'never',  'over'),
('theatre', 'owes the price',            4,  100, 4000,    1,  120, 1, 'unpaid',             0, 'then',   'some'),
('theatre', 'anonymised',               38, 2000, 4300, 1900, 4200, 3, 'any',                0, 'then',   ''),
('salon',   'regular',                 400,  100, 3000,    0,  300, 2, 'any',                9, 'then',   'some'),
('salon',   'booked ahead',             85,   30, 3000,    2,   60, 1, 'any',                4, 'then',   'some'),
('salon',   'newcomer',                 70,    1,  500,    0,  300, 1, 'any',                2, 'then',   'some'),
('salon',   'came lately',              45, 1300, 4000,   20,  690, 0, '',                   6, 'never',  'over'),
('salon',   'lapsed',                  140, 1300, 4300, 1150, 4200, 0, '',                   6, 'then',   'over'),
('salon',   'lapsed, bought shampoo',   55, 1300, 4300, 1150, 4200, 2, 'shelf',              5, 'then',   'over'),
('salon',   'fading',                   45,  900, 4300,  760, 1050, 0, '',                   4, 'then',   'over'),
('salon',   'looked once',              20, 1120, 4300, 1110, 4300, 0, '',                   0, 'never',  'over'),
('salon',   'just looking',             20,    1,  700,    0,  700, 0, '',                   0, 'never',  ''),
('salon',   'voucher spent',            15, 1560, 4300, 1540, 4200, 1, 'voucher',            0, 'then',   'over'),
('salon',   'voucher in a drawer',      10, 1300, 4000, 1250, 3900, 1, 'lasting voucher',    0, 'never',  'over'),
('salon',   'bought shampoo',           12, 1300, 4300, 1200, 4200, 2, 'shelf',              0, 'never',  'over'),
('salon',   'bought shampoo lately',    12, 1300, 4300,   10,  690, 1, 'shelf',              0, 'never',  'over'),
('salon',   'wants the newsletter',     18, 1300, 4300, 1200, 4200, 0, '',                   3, 'never',  'holds'),
('salon',   'looks in online',          12, 1300, 4300, 1200, 4200, 0, '',                   3, 'lately', 'over'),
('salon',   'cancelled lately',          8, 1300, 4300,   10,  690, 1, 'cancelled',          0, 'never',  'over'),
('salon',   'anonymised',               33, 2000, 4300, 1900, 4200, 1, 'any',                4, 'then',   '');

-- A draw below `upto`, and not below the one before, is this story's.
CREATE TEMP TABLE demo_cast (
    kind text, upto bigint, drawn_from bigint, story text, made_from bigint, made_to bigint, seen_from bigint,
    seen_to bigint, orders bigint, basket text, visits bigint, login text, consent text,
    PRIMARY KEY (kind, upto)
);

INSERT INTO demo_cast
SELECT kind, sum(share) OVER (PARTITION BY kind ORDER BY story COLLATE "C"), sum(share) OVER (PARTITION BY kind), story,
       made_from, made_to, seen_from, seen_to, orders, basket, visits, login, consent
FROM demo_story;


-- ── Places ──────────────────────────────────────────────────────────────────────────────────────────────────────

-- The workgroups with their part of the people (from `first` to before `beyond`) and of the events, which are
-- `pace` apart. `words` is the language that there are words in.
CREATE TEMP TABLE demo_place (
    first bigint PRIMARY KEY, beyond bigint, workgroup text, tenant text, kind text, language text,
    words text, country text, events bigint, before_events bigint, pace bigint, since bigint
);

INSERT INTO demo_place
SELECT first, beyond, key, tenant, kind, language, words, country, events,
       sum(events) OVER (ORDER BY first) - events, 13 * 365 * 86400000::bigint / greatest(events, 1),
       today - 12 * 365 * 86400000::bigint
FROM (
    SELECT first, beyond, key, tenant, kind, language, today, country,
           CASE WHEN language IN (SELECT language FROM demo_phrase) THEN language ELSE 'en' END AS words,
           CASE kind WHEN 'theatre' THEN greatest(26, 30 * (beyond - first) / 1000) ELSE 0 END AS events
    FROM (
        -- A sum of bigint is numeric, which divides with a fraction.
        SELECT key, tenant, kind, language, country, today,
               customers * (upto - share) / everybody AS first,
               customers * upto / everybody AS beyond
        FROM (
            SELECT w.key, w.tenant, w.kind, w.language, w.country, w.share, d.today, d.customers,
                   (sum(w.share) OVER (ORDER BY w.position))::bigint AS upto,
                   (sum(w.share) OVER ())::bigint AS everybody
            FROM demo_workgroup w CROSS JOIN demo d
        ) shares
    ) spans
    WHERE beyond > first
) places;

ANALYZE demo, demo_word, demo_phrase, demo_service, demo_cast, demo_place;

-- Evening after evening; one in ten without an end, one in twenty over several days.
INSERT INTO events (id, workgroup, name, starts_at, ends_at)
SELECT id, workgroup, play, starts_at,
       CASE WHEN h % 10 = 0 THEN NULL WHEN h % 20 = 1 THEN starts_at + 3 * 86400000 ELSE starts_at + 9000000 END
FROM (
    SELECT p.before_events + n.n + 1 AS id, p.workgroup, w.play, n.n * 7 + p.before_events AS h,
           (p.since + n.n * p.pace) / 86400000 * 86400000 + 66600000 AS starts_at
    FROM demo_place p
    CROSS JOIN generate_series(0, p.events - 1) AS n (n)
    JOIN demo_word w ON w.language = p.words AND w.n = (n.n * 5 + n.n / 16) % 16
) evenings
ORDER BY id;


-- ── People ──────────────────────────────────────────────────────────────────────────────────────────────────────

-- Places take turns over the ids, as on a platform where all sell at once: of N people, the one with id n + 1 stands
-- at position n * a mod N for a prime a, and a place is a span of positions. Whoever stands next is therefore a fixed
-- step of ids away. That neighbour is whom somebody pays for and, for one in forty, with whom they share a household:
-- name, street and mail address.
CREATE TEMP TABLE demo_person (
    id bigint PRIMARY KEY, first bigint, story text, basket text, orders bigint, visits bigint, login text,
    consent text, made bigint, seen bigint, h bigint, g bigint, household bigint, neighbour bigint,
    anonymised_at bigint
);

INSERT INTO demo_person
WITH drawn AS MATERIALIZED (
    SELECT id, position, first, kind, (x * x % 2147483647 * 48271 + x * 7919) % 2147483629 AS h,
           (y * y % 2147483647 * 48271 + y * 7919) % 2147483629 AS g
    FROM (
        SELECT n.n + 1 AS id, n.n * 2654435761 % d.customers AS position, p.first, p.kind,
               (n.n * 48271 + (d.seed & 1048575) * 69621 + 12345) % 2147483647 AS x,
               (n.n * 48271 + (d.seed & 1048575) * 69621 + 987654321) % 2147483647 AS y
        FROM demo d
        CROSS JOIN generate_series(0, d.customers - 1) AS n (n)
        JOIN demo_place p ON p.first = (
            SELECT max(first) FROM demo_place WHERE first <= n.n * 2654435761 % d.customers)
    ) numbers
),
step AS MATERIALIZED (
    SELECT n.n AS ids
    FROM demo d CROSS JOIN generate_series(0, d.customers - 1) AS n (n)
    WHERE n.n * 2654435761 % d.customers = 1
    LIMIT 1
),
living AS MATERIALIZED (
    SELECT d.id, d.position, d.first, d.h, d.g, c.story, c.basket, c.login, c.consent, c.seen_from, c.seen_to,
           CASE c.orders WHEN 0 THEN 0 ELSE 1 + d.h / 1000 % c.orders END AS orders,
           CASE c.visits WHEN 0 THEN 0 ELSE 1 + d.g / 1000 % c.visits END AS visits,
           c.made_from + d.g % (c.made_to - c.made_from + 1) AS made
    FROM drawn d
    JOIN demo_cast c ON c.kind = d.kind AND c.upto = (
        SELECT min(upto) FROM demo_cast WHERE kind = d.kind AND upto > d.h % drawn_from)
)
SELECT l.id, l.first, l.story, l.basket, l.orders, l.visits, l.login, l.consent, l.made,
       l.seen_from + l.h / 7000 % (greatest(least(l.seen_to, l.made) - l.seen_from, 0) + 1), l.h, l.g,
       CASE WHEN l.position % 40 = 0 THEN (l.id + s.ids - 1) % d.customers + 1 ELSE l.id END,
       (l.id + s.ids - 1) % d.customers + 1,
       CASE l.story WHEN 'anonymised' THEN d.today - (10 + l.h / 5 % 500) * 86400000 END
FROM living l CROSS JOIN step s CROSS JOIN demo d;

ANALYZE demo_person;

-- The last person of a place has a neighbour in the next one, and is their own instead.
UPDATE demo_person p SET neighbour = p.id, household = p.id
FROM demo_person n
WHERE n.id = p.neighbour AND n.first <> p.first;

-- Names are drawn by household, so that those who share an address share the name in it. Who was anonymised before
-- has none, and so there is none in any note, holder or answer below: what is joined to null is null.
CREATE TEMP TABLE demo_name (
    id bigint PRIMARY KEY, female bigint, first_name text, last_name text, email text, street text,
    postal_code text, city text
);

INSERT INTO demo_name
SELECT i.id, f.female, CASE WHEN i.identified THEN f.first_name END,
       CASE WHEN i.identified THEN l.last_name END || CASE WHEN i.words = 'bg' AND f.female = 1 THEN 'а' ELSE '' END,
       CASE WHEN i.identified THEN l.mail END || '.' || i.household || '@' || CASE i.k % 4
           WHEN 0 THEN 'mail.example.org' WHEN 1 THEN 'post.example.net' WHEN 2 THEN 'home.example.com'
           ELSE 'inbox.example.org' END,
       CASE WHEN NOT i.identified THEN NULL
            WHEN i.words IN ('en', 'fr') THEN i.household || ' ' || s.street
            ELSE s.street || ' ' || i.household END,
       CASE i.words WHEN 'en' THEN s.postal_code || 'XX' ELSE s.postal_code END, s.city
FROM (
    SELECT p.id, p.household, p.h, w.words, p.anonymised_at IS NULL AS identified,
           p.household * 48271 % 2147483647 / 16 AS k
    FROM demo_person p JOIN demo_place w ON w.first = p.first
) i
JOIN demo_word f ON f.language = i.words AND f.n = i.h / 64 % 16
JOIN demo_word l ON l.language = i.words AND l.n = i.k / 4 % 16
JOIN demo_word s ON s.language = i.words AND s.n = i.k / 64 % 16;

ANALYZE demo_name;

INSERT INTO customers (id, workgroup, number, salutation, title, first_name, middle_name, last_name, company, email,
                       phone, street, postal_code, city, country, birth_date, language, description, created_at)
SELECT p.id, w.workgroup, 'K-' || (100000 + p.id),
       CASE n.female WHEN 1 THEN f.madam ELSE f.sir END,
       CASE WHEN p.g / 3 % 25 = 0 THEN 'Dr.' END,
       n.first_name,
       CASE WHEN p.g / 5 % 12 = 0 THEN substr(n.first_name, 1, 1) || '.' END,
       n.last_name,
       CASE WHEN p.g / 7 % 20 = 0 THEN n.last_name || ' & Co.' END,
       CASE WHEN p.household <> p.id OR p.g / 11 % 8 > 0 THEN n.email END,
       CASE WHEN p.g / 13 % 5 > 0 THEN
           CASE w.country WHEN 'GB' THEN '+447700900' WHEN 'DE' THEN '+493023125' WHEN 'AT' THEN '+4315550'
               WHEN 'FR' THEN '+3363998' ELSE '+999' END || lpad((p.id % 1000000)::text, 6, '0')
       END,
       n.street, n.postal_code, n.city, w.country,
       CASE WHEN p.g / 17 % 3 = 0 THEN (DATE '1938-01-01' + (p.g / 19 % 24000)::integer)::text END,
       w.language,
       CASE WHEN p.g / 23 % 9 = 0 THEN
           replace(CASE w.kind WHEN 'salon' THEN f.visited ELSE f.about END, '{}', n.first_name || ' ' || n.last_name)
       END,
       d.today - (p.made + 1) * 86400000 + p.g % 36000 * 1000
FROM demo_person p
JOIN demo_place w ON w.first = p.first
JOIN demo_phrase f ON f.language = w.words
JOIN demo_name n ON n.id = p.id
CROSS JOIN demo d
ORDER BY p.id;

-- About every other person signs in online.
INSERT INTO web_users (id, customer_id, username, email, display_name, created_at, last_login_at)
SELECT p.id, p.id, lower(split_part(n.email, '@', 1)) || '.' || p.id, n.email, n.first_name,
       d.today - (p.made + 1) * 86400000 + 36000000,
       CASE WHEN p.login = 'lately' THEN d.today - (3 + p.g % 500) * 86400000
            WHEN p.h / 29 % 10 > 0 THEN d.today - p.seen * 86400000 - 3600000 END
FROM demo_person p JOIN demo_name n ON n.id = p.id CROSS JOIN demo d
WHERE p.login = 'lately' OR (p.login = 'then' AND p.h / 31 % 100 < 66)
ORDER BY p.id;


-- ── Sales ───────────────────────────────────────────────────────────────────────────────────────────────────────

-- One row per order: the last one at the last sign of life, the others evenly back to the first day.
CREATE TEMP TABLE demo_order (
    id bigint PRIMARY KEY, person bigint, first bigint, at bigint, basket text, status text, h bigint,
    event_id bigint, seats bigint, programme bigint
);

INSERT INTO demo_order
WITH placed AS MATERIALIZED (
    SELECT o.id, o.person, o.first, o.nth, o.basket, o.h, w.kind, w.pace, w.since, w.events, w.before_events, d.today,
           d.today - (o.seen + (o.made - o.seen) * o.nth / o.orders) * 86400000 - o.h % 43200 * 1000 AS at
    FROM (
        SELECT id, person, first, nth, basket, seen, made, orders,
               (x * x % 2147483647 * 48271 + x * 7919) % 2147483629 AS h
        FROM (
            SELECT (p.id - 1) * 8 + n.n + 1 AS id, p.id AS person, p.first, n.n AS nth, p.basket, p.seen, p.made,
                   p.orders, (p.h + n.n * 97003 + 31) % 2147483647 AS x
            FROM demo_person p CROSS JOIN generate_series(0, p.orders - 1) AS n (n)
        ) numbers
    ) o
    JOIN demo_place w ON w.first = o.first
    CROSS JOIN demo d
),
filled AS MATERIALIZED (
    SELECT *,
           CASE WHEN basket = 'any' OR (nth > 0 AND basket = 'ahead') THEN
               CASE WHEN kind = 'salon' THEN CASE WHEN h % 100 < 70 THEN 'shelf' ELSE 'voucher' END
                    WHEN h % 100 < 84 THEN 'tickets' WHEN h % 100 < 89 THEN 'voucher' WHEN h % 100 < 93 THEN 'shelf'
                    WHEN h % 100 < 96 THEN 'programme' WHEN h % 100 < 98 THEN 'pass' ELSE 'gift pass' END
           ELSE basket END AS content
    FROM placed
)
SELECT id, person, first, at, content,
       CASE WHEN content = 'cancelled' OR (nth > 0 AND h / 100 % 20 = 0) THEN 'cancelled'
            WHEN content = 'unpaid' OR (at > today - 20 * 86400000 AND h / 100 % 3 = 1) THEN 'open'
            ELSE 'paid' END,
       h,
       -- The evening in question: the first after the order and some days more; for whoever plans ahead, one to come.
       CASE WHEN events > 0 THEN before_events + 1 + least(events - 1,
           (CASE content WHEN 'ahead' THEN today + (1 + h / 2000 % 250) * 86400000
                ELSE at + (1 + h / 2000 % 30) * 86400000 END - since) / pace + 1) END,
       CASE WHEN events > 0 AND content IN ('tickets', 'ahead', 'cancelled', 'unpaid') THEN 1 + h / 3 % 3 ELSE 0 END,
       (events > 0 AND (content IN ('programme', 'cancelled')
                        OR (content IN ('tickets', 'ahead') AND h / 37 % 10 = 0)))::integer
FROM filled;

ANALYZE demo_order;

INSERT INTO orders (id, workgroup, customer_id, number, ordered_at, status, total_cents, currency, invoice_name,
                    invoice_address, note)
SELECT o.id, w.workgroup, o.person, to_char(to_timestamp(o.at / 1000) AT TIME ZONE 'UTC', 'YYYY') || '-' || o.id, o.at,
       o.status,
       -- At most one of three seats is at the reduced price (every fourth is, counted from somewhere).
       CASE WHEN o.seats = 0 AND o.programme = 0 THEN 2500
            ELSE o.seats * 3200 - ((4 - o.h / 13 % 4) % 4 < o.seats)::integer * 800 + o.programme * 400 END,
       CASE w.country WHEN 'GB' THEN 'GBP' WHEN 'CH' THEN 'CHF' ELSE 'EUR' END,
       CASE WHEN o.h / 7 % 12 = 0 THEN n.first_name || ' ' || n.last_name END,
       CASE WHEN o.h / 7 % 12 = 0 THEN n.street || ', ' || n.postal_code || ' ' || n.city END,
       CASE WHEN o.h / 11 % 15 = 0 THEN replace(f.fetched, '{}', n.first_name || ' ' || n.last_name) END
FROM demo_order o
JOIN demo_place w ON w.first = o.first
JOIN demo_phrase f ON f.language = w.words
JOIN demo_name n ON n.id = o.person
ORDER BY o.id;

-- One to three seats. The first is the buyer's, as far as anybody is named; the others are for company.
INSERT INTO tickets (id, order_id, event_id, rate, price_cents, holder_name)
SELECT o.id * 4 + s.n, o.id, o.event_id, CASE (o.h / 13 + s.n) % 4 WHEN 0 THEN f.reduced ELSE f.full_price END,
       CASE (o.h / 13 + s.n) % 4 WHEN 0 THEN 2400 ELSE 3200 END,
       CASE WHEN (o.h / 17 + s.n) % 5 > 2 THEN NULL
            WHEN s.n = 0 THEN n.first_name || ' ' || n.last_name
            ELSE c.first_name || ' ' || n.last_name END
FROM demo_order o
CROSS JOIN generate_series(0, o.seats - 1) AS s (n)
JOIN demo_place w ON w.first = o.first
JOIN demo_phrase f ON f.language = w.words
JOIN demo_name n ON n.id = o.person
JOIN demo_word c ON c.language = w.words AND c.n = (o.h / 19 + s.n) % 16
ORDER BY o.id, s.n;

-- Good for a year; a lasting one for long beyond today, every other one for ever.
INSERT INTO vouchers (id, order_id, code, value_cents, recipient_name, expires_at)
SELECT o.id, o.id, 'V' || lpad(upper(to_hex(o.h)), 8, '0') || '-' || o.id, 2500,
       CASE WHEN o.h / 5 % 2 = 0 THEN c.first_name || ' ' || n.last_name END,
       CASE WHEN o.basket = 'voucher' THEN o.at + 365 * 86400000::bigint
            WHEN o.h / 23 % 2 = 0 THEN d.today + (200 + o.h / 29 % 1500) * 86400000 END
FROM demo_order o
JOIN demo_place w ON w.first = o.first
JOIN demo_name n ON n.id = o.person
JOIN demo_word c ON c.language = w.words AND c.n = o.h / 19 % 16
CROSS JOIN demo d
WHERE o.basket IN ('voucher', 'lasting voucher')
ORDER BY o.id;

-- A pass holds for a year. A lasting one runs on past today, every other one for life; one that was revoked would,
-- too. A gift's holder is the neighbour.
INSERT INTO memberships (id, holder_id, order_id, kind, status, starts_at, expires_at)
SELECT o.id, CASE WHEN o.basket LIKE '%gift%' THEN p.neighbour ELSE o.person END, o.id, f.pass,
       CASE WHEN o.basket LIKE 'revoked%' THEN 'revoked' ELSE 'active' END, o.at,
       CASE WHEN o.basket IN ('pass', 'gift pass') THEN o.at + 365 * 86400000::bigint
            WHEN o.h / 23 % 2 = 0 THEN d.today + (60 + o.h / 29 % 1500) * 86400000 END
FROM demo_order o
JOIN demo_person p ON p.id = o.person
JOIN demo_place w ON w.first = p.first
JOIN demo_phrase f ON f.language = w.words
CROSS JOIN demo d
WHERE o.basket LIKE '%pass'
ORDER BY o.id;

-- Honorary members have theirs for life, and never had an order.
INSERT INTO memberships (id, holder_id, order_id, kind, status, starts_at, expires_at)
SELECT (p.id - 1) * 8 + 8, p.id, NULL, f.pass, 'active', d.today - p.seen * 86400000, NULL
FROM demo_person p
JOIN demo_place w ON w.first = p.first
JOIN demo_phrase f ON f.language = w.words
CROSS JOIN demo d
WHERE p.basket = 'honorary pass'
ORDER BY p.id;

-- The programme to an evening, with tickets or alone; books and bottles by themselves.
INSERT INTO articles (id, order_id, event_id, name, price_cents)
SELECT o.id, o.id, CASE o.programme WHEN 1 THEN o.event_id END,
       CASE WHEN o.programme = 1 THEN f.programme WHEN w.kind = 'theatre' THEN f.book ELSE f.bottle END,
       CASE o.programme WHEN 1 THEN 400 ELSE 2500 END
FROM demo_order o
JOIN demo_place w ON w.first = o.first
JOIN demo_phrase f ON f.language = w.words
WHERE o.programme = 1 OR o.basket IN ('shelf', 'cancelled')
ORDER BY o.id;

-- Seats put aside: for an evening to come by whose story it is and by some others, who released theirs as often
-- as not; for a past one by a few more.
INSERT INTO reservations (id, customer_id, event_id, reserved_at, status, note)
SELECT p.id, p.id,
       w.before_events + 1 + least(w.events - 1, (d.today + CASE WHEN p.story = 'holds a reservation' OR p.g / 41 % 3 = 0
           THEN (1 + p.g / 7 % 250) * 86400000 ELSE - (p.seen - 1) * 86400000 END - w.since) / w.pace + 1),
       d.today - least(p.seen, 40) * 86400000,
       CASE WHEN p.story = 'holds a reservation' OR (p.story IN ('regular', 'newcomer') AND p.g / 43 % 2 = 0)
            THEN 'held' ELSE 'released' END,
       CASE WHEN p.g / 47 % 4 = 0 THEN replace(f.seated, '{}', n.first_name || ' ' || n.last_name) END
FROM demo_person p
JOIN demo_place w ON w.first = p.first
JOIN demo_phrase f ON f.language = w.words
JOIN demo_name n ON n.id = p.id
CROSS JOIN demo d
WHERE w.events > 0
  AND (p.story = 'holds a reservation' OR (p.story IN ('regular', 'newcomer', 'lapsed') AND p.g / 53 % 12 = 0))
ORDER BY p.id;

-- Visits as orders: the last at the last sign of life, the others before it. Number 15 is the one booked ahead,
-- number 14 one that was cancelled at short notice and counts for nothing.
INSERT INTO appointments (id, workgroup, customer_id, starts_at, service, status, note)
SELECT p.id * 16 + s.n, w.workgroup, p.id,
       CASE s.n WHEN 15 THEN d.today + (2 + p.h % 60) * 86400000 + 32400000
                WHEN 14 THEN d.today - (5 + p.h % 300) * 86400000 + 32400000
                ELSE d.today - (p.seen + (p.made - p.seen) * s.n / p.visits) * 86400000
                             - (p.h + s.n) % 36000 * 1000 END,
       v.name,
       CASE WHEN s.n = 15 THEN 'booked' WHEN s.n = 14 OR (s.n > 0 AND (p.g + s.n) % 11 = 0) THEN 'cancelled'
            ELSE 'done' END,
       CASE WHEN (p.g / 3 + s.n) % 8 = 0 THEN replace(f.visited, '{}', n.first_name || ' ' || n.last_name) END
FROM demo_person p
CROSS JOIN generate_series(0, 15) AS s (n)
JOIN demo_place w ON w.first = p.first
JOIN demo_phrase f ON f.language = w.words
JOIN demo_name n ON n.id = p.id
JOIN demo_service v ON v.language = w.words AND v.n = (p.g + s.n) % 4
CROSS JOIN demo d
WHERE p.visits > 0
  AND (s.n < p.visits
       OR (s.n = 15 AND (p.story = 'booked ahead' OR (p.story = 'regular' AND p.g / 59 % 3 = 0)))
       OR (s.n = 14 AND p.story IN ('regular', 'lapsed') AND p.g / 61 % 15 = 0))
ORDER BY p.id, s.n;

ANALYZE orders, tickets, memberships;


-- ── Forms ───────────────────────────────────────────────────────────────────────────────────────────────────────

-- To an order: how they heard of the house, and whom to ring.
INSERT INTO form_answers (workgroup, form, kind, order_id, field, identifies, value, answered_at)
SELECT w.workgroup, 'booking', 'order', o.id, CASE s.n WHEN 0 THEN 'heard_by' ELSE 'ring' END, s.n,
       CASE s.n WHEN 0 THEN f.poster ELSE n.first_name || ' ' || n.last_name END, o.at
FROM demo_order o
CROSS JOIN generate_series(0, 1) AS s (n)
JOIN demo_place w ON w.first = o.first
JOIN demo_phrase f ON f.language = w.words
JOIN demo_name n ON n.id = o.person
WHERE o.basket = 'tickets' AND o.h / 61 % 14 = 0
ORDER BY o.id, s.n;

-- To a rate: each participant's name and birth date, and what they eat.
INSERT INTO form_answers (workgroup, form, kind, ticket_id, field, identifies, value, answered_at)
SELECT w.workgroup, 'participant', 'rate', t.id,
       CASE s.n WHEN 0 THEN 'diet' WHEN 1 THEN 'name' ELSE 'birth_date' END, (s.n > 0)::integer,
       CASE WHEN s.n = 0 THEN '-'
            WHEN s.n = 1 THEN coalesce(t.holder_name, n.first_name || ' ' || n.last_name)
            WHEN n.last_name IS NOT NULL THEN (DATE '1995-01-01' + (o.h / 67 % 8000)::integer)::text END,
       o.at
FROM demo_order o
JOIN tickets t ON t.order_id = o.id
CROSS JOIN generate_series(0, 2) AS s (n)
JOIN demo_place w ON w.first = o.first
JOIN demo_name n ON n.id = o.person
WHERE o.basket IN ('tickets', 'ahead') AND o.h / 71 % 18 = 0
ORDER BY o.id, t.id, s.n;

-- To a pass: who is on the photograph. The answer is the holder's, whoever paid.
INSERT INTO form_answers (workgroup, form, kind, membership_id, field, identifies, value, answered_at)
SELECT w.workgroup, 'pass', 'pass', m.id, 'photograph_of', 1, n.first_name || ' ' || n.last_name, m.starts_at
FROM memberships m
JOIN demo_person p ON p.id = m.holder_id
JOIN demo_place w ON w.first = p.first
JOIN demo_name n ON n.id = m.holder_id
ORDER BY m.id;

-- And to nothing but the customer: what a salon asks before it begins.
INSERT INTO form_answers (workgroup, form, kind, customer_id, field, identifies, value, answered_at)
SELECT w.workgroup, 'first visit', 'order', p.id, CASE s.n WHEN 0 THEN 'heard_by' ELSE 'recommended_by' END, s.n,
       CASE s.n WHEN 0 THEN f.poster ELSE c.first_name || ' ' || n.last_name END, d.today - p.made * 86400000
FROM demo_person p
CROSS JOIN generate_series(0, 1) AS s (n)
JOIN demo_place w ON w.first = p.first
JOIN demo_phrase f ON f.language = w.words
JOIN demo_name n ON n.id = p.id
JOIN demo_word c ON c.language = w.words AND c.n = p.g / 67 % 16
CROSS JOIN demo d
WHERE p.visits > 0 AND p.h / 73 % 5 = 0
ORDER BY p.id, s.n;


-- ── Consents ────────────────────────────────────────────────────────────────────────────────────────────────────

-- The first word in each cell. What holds does so for two more years, or until it is withdrawn; what is over held
-- for a year from the first day.
INSERT INTO lapsed_consent (tenant, workgroup, subject, purpose, channel, state, at, expires_at, source)
SELECT w.tenant, w.workgroup, to_jsonb(p.id),
       CASE s.n WHEN 0 THEN 'processing' WHEN 1 THEN 'service' WHEN 2 THEN 'marketing' ELSE 'suggestions' END,
       CASE WHEN s.n = 0 OR s.n = 3 THEN '' WHEN (p.g / 103 + s.n) % 3 = 0 THEN 'sms' ELSE 'email' END,
       CASE WHEN p.consent = 'holds' THEN 'granted' WHEN (p.g / 79 + s.n) % 10 = 7 THEN 'refused'
            WHEN (p.g / 79 + s.n) % 10 = 8 THEN 'requested' ELSE 'granted' END,
       d.today - p.made * 86400000,
       CASE WHEN p.consent <> 'holds' AND (p.g / 79 + s.n) % 10 IN (7, 8) THEN NULL
            WHEN p.consent = 'over' THEN d.today - (p.made - least(365, p.made - 1)) * 86400000
            WHEN p.g / 83 % 2 = 0 THEN d.today + 730 * 86400000::bigint END,
       CASE p.g / 89 % 4 WHEN 0 THEN 'card' WHEN 1 THEN 'form' WHEN 2 THEN 'keyword' ELSE 'online booking' END
FROM demo_person p
CROSS JOIN generate_series(0, 3) AS s (n)
JOIN demo_place w ON w.first = p.first
CROSS JOIN demo d
WHERE (p.consent = 'holds' AND s.n IN (0, 2))
   OR (p.consent = 'some' AND p.h / 79 % 100 < 38 AND (p.h / 83 >> s.n) % 2 = 1)
   OR (p.consent = 'over' AND p.h / 79 % 100 < 12 AND (p.h / 83 >> s.n) % 2 = 1)
ORDER BY p.id, s.n;

-- And the second: withdrawn, for some who had granted it without an end; expired, where the daemon had noted that.
INSERT INTO lapsed_consent (tenant, workgroup, subject, purpose, channel, state, at, expires_at, source)
SELECT c.tenant, c.workgroup, c.subject, c.purpose, c.channel,
       CASE p.consent WHEN 'over' THEN 'expired' ELSE 'withdrawn' END,
       CASE p.consent WHEN 'over' THEN c.expires_at ELSE c.at + p.made / 2 * 86400000 + 60000 END, NULL,
       CASE p.consent WHEN 'over' THEN 'period' ELSE 'one-click unsubscribe' END
FROM lapsed_consent c
JOIN demo_person p ON to_jsonb(p.id) = c.subject
WHERE c.state = 'granted'
  AND ((p.consent = 'over' AND p.g / 97 % 2 = 0) OR (p.consent = 'some' AND p.g / 97 % 5 = 0))
ORDER BY c.sequence;


-- ── Who was anonymised before ───────────────────────────────────────────────────────────────────────────────────

-- Their records as the daemon leaves them, so that a store has a past: one in nine by hand or on their own request.
-- Ten days ago at the latest, or the brake would count them in.
UPDATE customers SET
    number = NULL, salutation = NULL, title = NULL, first_name = NULL, middle_name = NULL,
    last_name = CASE p.h / 101 % 9 WHEN 0 THEN 'Manuell DSGVO' ELSE 'DSGVO' END,
    company = NULL, email = NULL, phone = NULL, street = NULL, country = NULL, birth_date = NULL, language = NULL,
    description = f.anonymised, deleted_at = p.anonymised_at, anonymised_at = p.anonymised_at
FROM demo_person p
JOIN demo_place w ON w.first = p.first
JOIN demo_phrase f ON f.language = w.words
WHERE p.id = customers.id AND p.anonymised_at IS NOT NULL;

UPDATE web_users SET customer_id = NULL, username = NULL, email = NULL, display_name = NULL,
                     anonymised_at = p.anonymised_at
FROM demo_person p
WHERE p.id = web_users.customer_id AND p.anonymised_at IS NOT NULL;

DROP TABLE demo_order, demo_name, demo_person, demo_place, demo_cast, demo_story, demo_service, demo_phrase, demo_word;


-- ── As if the platform had been at work ─────────────────────────────────────────────────────────────────────────

-- The next id comes after the highest that was given out here.
SELECT setval(pg_get_serial_sequence('customers', 'id'), max(id)) FROM customers;
SELECT setval(pg_get_serial_sequence('web_users', 'id'), max(id)) FROM web_users;
SELECT setval(pg_get_serial_sequence('events', 'id'), max(id)) FROM events;
SELECT setval(pg_get_serial_sequence('orders', 'id'), max(id)) FROM orders;
SELECT setval(pg_get_serial_sequence('tickets', 'id'), max(id)) FROM tickets;
SELECT setval(pg_get_serial_sequence('vouchers', 'id'), max(id)) FROM vouchers;
SELECT setval(pg_get_serial_sequence('memberships', 'id'), max(id)) FROM memberships;
SELECT setval(pg_get_serial_sequence('articles', 'id'), max(id)) FROM articles;
SELECT setval(pg_get_serial_sequence('reservations', 'id'), max(id)) FROM reservations;
SELECT setval(pg_get_serial_sequence('appointments', 'id'), max(id)) FROM appointments;

ANALYZE customers, web_users, events, orders, tickets, vouchers, memberships, articles, reservations, appointments,
        form_answers, lapsed_consent;
