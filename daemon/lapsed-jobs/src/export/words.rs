//! What stands around the files, in the six languages.
//!
//! People who read it asked for their data (Article 15 GDPR), and may never have seen a table.

use crate::phrase::phrases;

phrases! {
    YOUR_DATA = ["Your data at {name}", "Ihre Daten bei {name}", "Vos données chez {name}", "I suoi dati presso {name}",
        "Sus datos en {name}", "Вашите данни при {name}"];
    YOURS = ["This is what {name} keeps about you, as of {date}.", "Das ist, was {name} über Sie gespeichert hat, Stand {date}.",
        "Voici ce que {name} conserve à votre sujet, au {date}.", "Questo è ciò che {name} conserva su di lei, al {date}.",
        "Esto es lo que {name} guarda sobre usted, a {date}.", "Това е, което {name} съхранява за вас към {date}."];
    DATA_OF_WORKGROUP = ["Customers of {workgroup}, {name}", "Kundinnen und Kunden von {workgroup}, {name}",
        "Clientèle de {workgroup}, {name}", "Clienti di {workgroup}, {name}", "Clientes de {workgroup}, {name}",
        "Клиенти на {workgroup}, {name}"];
    THEIRS = ["These are the data of the customers who were not anonymised, as of {date}. The file is withdrawn as soon as one of them is: do not copy it elsewhere.",
        "Das sind die Daten der Kundinnen und Kunden, die nicht anonymisiert sind, Stand {date}. Die Datei wird zurückgezogen, sobald jemand davon anonymisiert wird: Legen Sie keine Kopien an.",
        "Voici les données des clients qui ne sont pas anonymisés, au {date}. Le fichier est retiré dès que l’un d’eux l’est : n’en faites pas de copies.",
        "Questi sono i dati dei clienti non anonimizzati, al {date}. Il file viene ritirato non appena uno di loro lo è: non fatene copie.",
        "Estos son los datos de los clientes que no están anonimizados, a {date}. El fichero se retira en cuanto lo esté uno de ellos: no haga copias.",
        "Това са данните на клиентите, които не са анонимизирани, към {date}. Файлът се изтегля, щом някой от тях бъде анонимизиран: не правете копия."];
    ONLY_CONSENT = ["Only people with this consent: {consent}.", "Nur Personen mit dieser Einwilligung: {consent}.",
        "Seulement les personnes ayant donné ce consentement : {consent}.", "Solo le persone con questo consenso: {consent}.",
        "Solo las personas con este consentimiento: {consent}.", "Само хора с това съгласие: {consent}."];
    ONLY_EVENT = ["Only people who take part in the event {event}.", "Nur Personen, die an der Veranstaltung {event} teilnehmen.",
        "Seulement les personnes qui participent à l’événement {event}.", "Solo le persone che partecipano all’evento {event}.",
        "Solo las personas que participan en el evento {event}.", "Само хора, които участват в събитието {event}."];
    TABLES = ["Each file is a table; any spreadsheet program opens it. Times are those of {zone}. `manifest.json` says the same to programs.",
        "Jede Datei ist eine Tabelle, die jedes Tabellenprogramm öffnet. Uhrzeiten gelten für {zone}. `manifest.json` sagt dasselbe für Programme.",
        "Chaque fichier est un tableau que tout tableur ouvre. Les heures sont celles de {zone}. `manifest.json` dit la même chose aux programmes.",
        "Ogni file è una tabella che qualsiasi foglio di calcolo apre. Gli orari sono quelli di {zone}. `manifest.json` dice lo stesso ai programmi.",
        "Cada fichero es una tabla que abre cualquier hoja de cálculo. Las horas son las de {zone}. `manifest.json` dice lo mismo a los programas.",
        "Всеки файл е таблица, която се отваря с всяка програма за таблици. Часовете са по {zone}. `manifest.json` казва същото на програмите."];
    APOSTROPHE = ["Where a text begins like a formula, an apostrophe stands in front of it, so that no program calculates with it.",
        "Wo ein Text wie eine Formel beginnt, steht ein Apostroph davor, damit kein Programm damit rechnet.",
        "Lorsqu’un texte commence comme une formule, une apostrophe le précède afin qu’aucun programme ne la calcule.",
        "Dove un testo inizia come una formula, è preceduto da un apostrofo, affinché nessun programma la calcoli.",
        "Donde un texto empieza como una fórmula lo precede un apóstrofo, para que ningún programa la calcule.",
        "Където текст започва като формула, пред него стои апостроф, за да не я изчислява никоя програма."];
    MASKED = ["Names and answers of other people read `{mask}`.", "Namen und Antworten anderer Personen sind als `{mask}` zu lesen.",
        "Les noms et les réponses d’autres personnes sont remplacés par `{mask}`.", "I nomi e le risposte di altre persone sono sostituiti da `{mask}`.",
        "Los nombres y las respuestas de otras personas aparecen como `{mask}`.", "Имената и отговорите на други хора са заменени с `{mask}`."];
    NOTHING_IN_IT = ["There is nothing in it.", "Sie ist leer.", "Il est vide.", "È vuoto.", "Está vacío.", "В него няма нищо."];
    CUSTOMER = ["number of the customer in the platform's database", "Nummer der Kundin oder des Kunden in der Datenbank der Plattform",
        "numéro du client dans la base de la plateforme", "numero del cliente nel database della piattaforma",
        "número del cliente en la base de datos de la plataforma", "номер на клиента в базата данни на платформата"];
    RIGHTS = ["You can have wrong data corrected and ask for their deletion, and you can complain to a data protection authority (Articles 15 to 18 and 77 GDPR).",
        "Sie können falsche Daten berichtigen lassen, ihre Löschung verlangen und sich bei einer Datenschutzbehörde beschweren (Artikel 15 bis 18 und 77 DSGVO).",
        "Vous pouvez faire rectifier des données inexactes, demander leur effacement et introduire une réclamation auprès d’une autorité de protection des données (articles 15 à 18 et 77 du RGPD).",
        "Può far rettificare dati inesatti, chiederne la cancellazione e presentare reclamo a un’autorità di protezione dei dati (articoli da 15 a 18 e 77 GDPR).",
        "Puede hacer rectificar datos inexactos, solicitar su supresión y presentar una reclamación ante una autoridad de protección de datos (artículos 15 a 18 y 77 del RGPD).",
        "Можете да поискате поправка на неточни данни или изтриването им и да подадете жалба до надзорен орган за защита на данните (членове 15–18 и 77 от ОРЗД)."];
    QUESTIONS = ["Questions: {contact}", "Fragen: {contact}", "Questions : {contact}", "Domande: {contact}", "Preguntas: {contact}",
        "Въпроси: {contact}"];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sentence_is_whole_in_every_language() {
        crate::phrase::every_language_says_it(ALL);
    }
}
