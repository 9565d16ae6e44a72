//! The report's sentences, in the six languages.
//!
//! `{…}` stands for what is put in; a test sees to it that every language has the same places. Tenants are addressed
//! politely and without jargon: these are people who run a theatre or a salon.

use lapsed_model::Language;

use crate::phrase::{Phrase, phrases};

/// A noun with its number, in every language: for one, and for any other number.
pub(super) struct Counted {
    one: Phrase,
    other: Phrase,
}

impl Counted {
    /// `1 person`, `8,412 people`.
    pub(super) fn of(&self, language: Language, count: u64) -> String {
        let phrase = if count == 1 { &self.one } else { &self.other };
        phrase.with(language, &[("n", &super::layout::number(count, language))])
    }
}

phrases! {
    TITLE = ["Report for {name}", "Bericht für {name}", "Rapport pour {name}", "Rapporto per {name}",
        "Informe para {name}", "Отчет за {name}"];
    AS_OF = ["As of {date}. Times are those of {zone}.", "Stand: {date}. Uhrzeiten gelten für {zone}.",
        "Situation au {date}. Les heures sont celles de {zone}.", "Situazione al {date}. Gli orari sono quelli di {zone}.",
        "Situación a {date}. Las horas son las de {zone}.", "Състояние към {date}. Часовете са по {zone}."];

    FILE = ["Your file", "Ihre Datei", "Votre fichier", "Il vostro file", "Su archivo", "Вашият файл"];
    FILE_SOUND = ["It has no errors, and what it says is in force.", "Sie hat keine Fehler, und was darin steht, gilt.",
        "Il ne contient pas d’erreur, et ce qu’il dit est en vigueur.", "Non contiene errori e quanto vi è scritto è in vigore.",
        "No contiene errores y lo que dice está en vigor.", "В него няма грешки и написаното е в сила."];
    FILE_SOON = ["It has no errors and takes effect in a moment.", "Sie hat keine Fehler und gilt in Kürze.",
        "Il ne contient pas d’erreur et entrera en vigueur dans un instant.", "Non contiene errori ed entrerà in vigore a momenti.",
        "No contiene errores y entrará en vigor en un momento.", "В него няма грешки и ще влезе в сила след малко."];
    FILE_BROKEN = ["It has errors and does not take effect. The last good version stays in force.",
        "Sie hat Fehler und wird nicht wirksam. Es gilt weiter die letzte fehlerfreie Fassung.",
        "Il contient des erreurs et n’entre pas en vigueur. La dernière version correcte reste en vigueur.",
        "Contiene errori e non entra in vigore. Resta in vigore l’ultima versione corretta.",
        "Contiene errores y no entra en vigor. Sigue en vigor la última versión correcta.",
        "В него има грешки и той не влиза в сила. В сила остава последната вярна версия."];
    FILE_BROKEN_AND_NOTHING = ["It has errors, and no earlier version is in force: nobody is anonymised.",
        "Sie hat Fehler, und es gilt keine frühere Fassung: Niemand wird anonymisiert.",
        "Il contient des erreurs et aucune version antérieure n’est en vigueur : personne n’est anonymisé.",
        "Contiene errori e non è in vigore alcuna versione precedente: nessuno viene anonimizzato.",
        "Contiene errores y no hay ninguna versión anterior en vigor: no se anonimiza a nadie.",
        "В него има грешки и няма по-ранна версия в сила: никой не се анонимизира."];
    FILE_GONE = ["There is no file.", "Es gibt keine Datei.", "Il n’y a pas de fichier.", "Non c’è alcun file.",
        "No hay ningún archivo.", "Няма файл."];
    FINDINGS = ["What there is to say about it:", "Die Hinweise dazu (vorerst nur auf Englisch):",
        "Les remarques à son sujet (pour l’instant en anglais seulement) :", "Le osservazioni (per ora solo in inglese):",
        "Las observaciones (por ahora solo en inglés):", "Бележките към него (засега само на английски):"];

    IN_FORCE = ["In force", "In Kraft", "En vigueur", "In vigore", "En vigor", "В сила"];
    VERSION = ["Version {version}, since {moment}.", "Fassung {version}, seit dem {moment}.", "Version {version}, depuis le {moment}.",
        "Versione {version}, dal {moment}.", "Versión {version}, desde el {moment}.", "Версия {version}, от {moment}."];
    NOTHING_IN_FORCE = ["Nothing: nobody is anonymised.", "Nichts: Niemand wird anonymisiert.", "Rien : personne n’est anonymisé.",
        "Nulla: nessuno viene anonimizzato.", "Nada: no se anonimiza a nadie.", "Нищо: никой не се анонимизира."];
    NO_LONGER_ALLOWED = ["The operator of this system no longer allows what it says. Nothing runs until the file is changed:",
        "Der Betreiber dieses Systems lässt nicht mehr zu, was darin steht. Bis die Datei geändert ist, läuft nichts:",
        "L’exploitant de ce système n’autorise plus ce qu’elle dit. Rien ne s’exécute tant que le fichier n’est pas modifié :",
        "Il gestore di questo sistema non consente più quanto vi è scritto. Finché il file non viene modificato non si esegue nulla:",
        "El operador de este sistema ya no permite lo que dice. No se ejecuta nada hasta que se cambie el archivo:",
        "Операторът на системата вече не допуска написаното. Докато файлът не бъде променен, нищо не се изпълнява:"];

    EXPORTS = ["exported files", "exportierte Dateien", "fichiers exportés", "file esportati", "ficheros exportados", "изнесени файлове"];
    RUNS = ["The next runs", "Die nächsten Läufe", "Les prochaines exécutions", "Le prossime esecuzioni",
        "Las próximas ejecuciones", "Следващите изпълнения"];
    NO_RETENTION = ["everybody is kept for ever", "alle werden für immer behalten", "tout le monde est conservé sans limite",
        "tutti vengono conservati per sempre", "se conserva a todos para siempre", "всички се пазят завинаги"];
    AUTOMATIC_OFF = ["nothing runs by itself", "nichts läuft von selbst", "rien ne s’exécute de soi-même",
        "nulla viene eseguito da sé", "nada se ejecuta por sí solo", "нищо не се изпълнява от само себе си"];
    PLAN_ONLY = ["plans are made, and nobody is anonymised by them", "es werden nur Pläne gemacht, niemand wird anonymisiert",
        "des plans sont établis, mais personne n’est anonymisé", "si fanno solo piani, nessuno viene anonimizzato",
        "solo se hacen planes, no se anonimiza a nadie", "правят се само планове, никой не се анонимизира"];
    PAUSED = ["paused", "angehalten", "suspendu", "sospeso", "en pausa", "спряно"];
    NEVER_AGAIN = ["no further date", "kein weiterer Termin", "aucune autre date", "nessun’altra data", "ninguna otra fecha",
        "няма друга дата"];

    LAST = ["The last plan", "Der letzte Plan", "Le dernier plan", "L’ultimo piano", "El último plan", "Последният план"];
    NONE_YET = ["none so far", "bisher keiner", "aucun jusqu’ici", "finora nessuno", "ninguno hasta ahora", "досега няма"];
    LAST_PLAN = ["{moment}: {people} to anonymise", "{moment}: {people} zu anonymisieren", "{moment} : {people} à anonymiser",
        "{moment}: {people} da anonimizzare", "{moment}: {people} por anonimizar", "{moment}: {people} за анонимизиране"];
    CARRIED_OUT = ["carried out: {anonymised} anonymised, {dropped} left alone",
        "ausgeführt: {anonymised} anonymisiert, {dropped} verschont",
        "exécuté : {anonymised} anonymisés, {dropped} épargnés",
        "eseguito: {anonymised} anonimizzati, {dropped} lasciati stare",
        "ejecutado: {anonymised} anonimizados, {dropped} sin tocar",
        "изпълнен: {anonymised} анонимизирани, {dropped} оставени"];
    BEGUN = ["begun: {anonymised} anonymised so far", "begonnen: bisher {anonymised} anonymisiert",
        "commencé : {anonymised} anonymisés jusqu’ici", "iniziato: finora {anonymised} anonimizzati",
        "empezado: {anonymised} anonimizados hasta ahora", "започнат: досега {anonymised} анонимизирани"];
    NOT_CARRIED_OUT = ["not carried out", "nicht ausgeführt", "non exécuté", "non eseguito", "no ejecutado", "не е изпълнен"];

    NEXT = ["What the next plan would do today", "Was der nächste Plan heute täte", "Ce que ferait le prochain plan aujourd’hui",
        "Che cosa farebbe oggi il prossimo piano", "Qué haría hoy el próximo plan", "Какво би направил следващият план днес"];
    WOULD = ["{due} of {people} would be anonymised; the cut-off is {date}", "{due} von {people} würden anonymisiert; Stichtag ist der {date}",
        "{due} sur {people} seraient anonymisés ; la date limite est le {date}",
        "{due} su {people} verrebbero anonimizzati; la data limite è il {date}",
        "{due} de {people} se anonimizarían; la fecha límite es el {date}",
        "{due} от {people} биха били анонимизирани; граничната дата е {date}"];
    WOULD_KEEP = ["{kept} are kept:", "{kept} bleiben:", "{kept} sont conservés :", "{kept} restano:", "{kept} se conservan:", "{kept} остават:"];
    WOULD_HOLD = ["legal holds keep {held}", "rechtliche Sperren schützen {held}", "des gels juridiques en conservent {held}",
        "blocchi legali ne conservano {held}", "retenciones legales conservan a {held}", "правни забрани пазят {held}"];
    WOULD_ANSWER = ["{waiting} are left alone until they have an answer to their request", "{waiting} bleiben, bis ihre Anfrage beantwortet ist",
        "{waiting} sont laissés en paix jusqu’à la réponse à leur demande", "{waiting} restano finché la loro richiesta non ha risposta",
        "{waiting} se conservan hasta que se responda a su solicitud", "{waiting} остават, докато искането им не получи отговор"];
    CANNOT_TELL = ["This cannot be told at the moment: the operator has to put the system right.",
        "Das lässt sich gerade nicht sagen: Der Betreiber muss das System in Ordnung bringen.",
        "Impossible à dire pour le moment : l’exploitant doit remettre le système en ordre.",
        "Al momento non si può dire: il gestore deve sistemare il sistema.",
        "Por ahora no se puede decir: el operador tiene que arreglar el sistema.",
        "В момента не може да се каже: операторът трябва да оправи системата."];

    WAITING = ["Waiting for approval", "Wartet auf Freigabe", "En attente d’approbation", "In attesa di approvazione",
        "A la espera de aprobación", "Чака одобрение"];
    NOTHING_WAITS = ["Nothing.", "Nichts.", "Rien.", "Nulla.", "Nada.", "Нищо."];
    WAITS = ["plan {plan}, since {moment}: {people}", "Plan {plan}, seit dem {moment}: {people}", "plan {plan}, depuis le {moment} : {people}",
        "piano {plan}, dal {moment}: {people}", "plan {plan}, desde el {moment}: {people}", "план {plan}, от {moment}: {people}"];
    DIFFERENCE = ["{difference} against the plan before", "{difference} gegenüber dem Plan davor", "{difference} par rapport au plan précédent",
        "{difference} rispetto al piano precedente", "{difference} respecto al plan anterior", "{difference} спрямо предишния план"];
    FIRST_PLAN = ["it is the first plan of its kind", "es ist der erste Plan dieser Art", "c’est le premier plan de ce genre",
        "è il primo piano di questo genere", "es el primer plan de este tipo", "това е първият такъв план"];
    ABOVE_NUMBER = ["more than {above}", "mehr als {above}", "plus de {above}", "più di {above}", "más de {above}", "повече от {above}"];
    ABOVE_SHARE = ["more than {above} % of the workgroup", "mehr als {above} % der Gruppe", "plus de {above} % du groupe",
        "più del {above} % del gruppo", "más del {above} % del grupo", "повече от {above} % от групата"];
    RESTORED = ["a backup was restored on {date}: holds, pauses and requests that were recorded after it was made are gone",
        "am {date} wurde eine Sicherung zurückgespielt: Sperren, Pausen und Anträge, die danach eingetragen wurden, sind verloren",
        "une sauvegarde a été restaurée le {date} : les gels, pauses et demandes enregistrés après sa création sont perdus",
        "il {date} è stato ripristinato un backup: blocchi, pause e richieste registrati dopo la sua creazione sono andati persi",
        "el {date} se restauró una copia de seguridad: las retenciones, pausas y solicitudes registradas después de crearla se han perdido",
        "на {date} беше възстановено резервно копие: блокировките, паузите и исканията, записани след създаването му, са изгубени"];
    HOW_TO_APPROVE = ["Until somebody approves it, nobody is anonymised. Tell the operator of this system who approves it, and why.",
        "Bis jemand ihn freigibt, wird niemand anonymisiert. Sagen Sie dem Betreiber, wer ihn freigibt und warum.",
        "Tant que personne ne l’approuve, personne n’est anonymisé. Dites à l’exploitant qui l’approuve, et pourquoi.",
        "Finché nessuno lo approva, nessuno viene anonimizzato. Comunicate al gestore chi lo approva e perché.",
        "Hasta que alguien lo apruebe no se anonimiza a nadie. Diga al operador quién lo aprueba y por qué.",
        "Докато някой не го одобри, никой не се анонимизира. Кажете на оператора кой го одобрява и защо."];

    ELSE = ["What else to know", "Was sonst zu wissen ist", "À savoir aussi", "Altro da sapere", "Otras cosas que saber", "Какво още да знаете"];
    ALL_QUIET = ["Nothing is paused, held or open.", "Nichts ist angehalten, gesperrt oder offen.", "Rien n’est suspendu, gelé ni en cours.",
        "Nulla è sospeso, bloccato o in corso.", "No hay nada en pausa, retenido ni pendiente.", "Нищо не е спряно, задържано или чакащо."];
    TENANT_PAUSED = ["Everything of yours has been paused since {moment}.", "Bei Ihnen ist seit dem {moment} alles angehalten.",
        "Chez vous, tout est suspendu depuis le {moment}.", "Da voi tutto è sospeso dal {moment}.",
        "En su casa todo está en pausa desde el {moment}.", "При вас всичко е спряно от {moment}."];
    ALL_PAUSED = ["The operator paused everything on {moment}.", "Der Betreiber hat am {moment} alles angehalten.",
        "L’exploitant a tout suspendu le {moment}.", "Il gestore ha sospeso tutto il {moment}.",
        "El operador puso todo en pausa el {moment}.", "Операторът спря всичко на {moment}."];
    TENANT_HELD = ["A legal hold keeps everybody.", "Eine rechtliche Sperre schützt alle.", "Un gel juridique conserve tout le monde.",
        "Un blocco legale conserva tutti.", "Una retención legal conserva a todos.", "Правна забрана пази всички."];
    PEOPLE_HELD = ["Legal holds keep {people}.", "Rechtliche Sperren schützen {people}.", "Des gels juridiques conservent {people}.",
        "Blocchi legali conservano {people}.", "Retenciones legales conservan a {people}.", "Правни забрани пазят {people}."];
    RECORDS_HELD = ["Legal holds keep {records} with the people in them.", "Rechtliche Sperren schützen {records} samt den Personen darin.",
        "Des gels juridiques conservent {records} avec les personnes concernées.", "Blocchi legali conservano {records} con le persone interessate.",
        "Retenciones legales conservan {records} con las personas afectadas.", "Правни забрани пазят {records} заедно с хората в тях."];
    REQUESTS = ["{requests} not answered yet; the next answer is due on {date}.", "{requests} noch nicht beantwortet; die nächste Antwort ist am {date} fällig.",
        "{requests} sans réponse ; la prochaine réponse est due le {date}.", "{requests} senza risposta; la prossima risposta è dovuta il {date}.",
        "{requests} sin respuesta; la próxima respuesta vence el {date}.", "{requests} без отговор; следващият отговор се дължи на {date}."];
    OVERDUE = ["{n} of them overdue.", "{n} davon überfällig.", "Dont {n} en retard.", "Di cui {n} in ritardo.", "De ellas, {n} vencidas.",
        "От тях просрочени: {n}."];
    WARNINGS = ["To be told that their day is near: {people}.", "Vor ihrem Tag zu benachrichtigen: {people}.",
        "À prévenir que leur échéance approche : {people}.", "Da avvisare che la scadenza si avvicina: {people}.",
        "Por avisar de que se acerca su fecha: {people}.", "Да бъдат уведомени, че денят им наближава: {people}."];

    ONE_PERSON = ["{n} person", "{n} Person", "{n} personne", "{n} persona", "{n} persona", "{n} човек"];
    MORE_PEOPLE = ["{n} people", "{n} Personen", "{n} personnes", "{n} persone", "{n} personas", "{n} души"];
    ONE_RECORD = ["{n} record", "{n} Datensatz", "{n} enregistrement", "{n} registrazione", "{n} registro", "{n} запис"];
    MORE_RECORDS = ["{n} records", "{n} Datensätze", "{n} enregistrements", "{n} registrazioni", "{n} registros", "{n} записа"];
    ONE_REQUEST = ["{n} request of a person", "{n} Anfrage einer Person", "{n} demande d’une personne", "{n} richiesta di una persona",
        "{n} solicitud de una persona", "{n} искане от човек"];
    MORE_REQUESTS = ["{n} requests of people", "{n} Anfragen von Personen", "{n} demandes de personnes", "{n} richieste di persone",
        "{n} solicitudes de personas", "{n} искания от хора"];
}

/// Customers.
pub(super) const PEOPLE: Counted = Counted {
    one: ONE_PERSON,
    other: MORE_PEOPLE,
};

/// Orders and whatever else can be held.
pub(super) const RECORDS: Counted = Counted {
    one: ONE_RECORD,
    other: MORE_RECORDS,
};

/// What people asked for.
pub(super) const REQUESTS_OF_PEOPLE: Counted = Counted {
    one: ONE_REQUEST,
    other: MORE_REQUESTS,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phrase::every_language_says_it;

    #[test]
    fn every_sentence_is_whole_in_every_language() {
        every_language_says_it(ALL);
    }

    #[test]
    fn a_number_of_one_is_one_person() {
        assert_eq!(PEOPLE.of(Language::De, 1), "1 Person");
        assert_eq!(PEOPLE.of(Language::De, 8_412), "8.412 Personen");
    }
}
