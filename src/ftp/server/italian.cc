#include "ftp/server/italian.h"

#include <array>
#include <optional>

#include "base/ascii.h"

namespace ftp {
namespace {

constexpr std::string_view kHole = "{}";

// clang-format off
constexpr std::array kSentences{
    Sentence{"A data connection is prepared", "Una connessione dati è pronta"},
    Sentence{"A folder does not go into itself.", "Una cartella non va in sé stessa."},
    Sentence{"A line holds no CR, LF or NUL", "Una riga non contiene CR, LF o NUL"},
    Sentence{"A mode is three octal digits", "Un modo è di tre cifre ottali"},
    Sentence{"A time is YYYYMMDDHHMMSS", "Un'ora è AAAAMMGGOOMMSS"},
    Sentence{"Abort successful", "Interruzione riuscita"},
    Sentence{"Active mode is off here; use EPSV or PASV", "Il modo attivo qui è spento; usa EPSV o PASV"},
    Sentence{"After EPSV ALL only EPSV opens data connections", "Dopo EPSV ALL solo EPSV apre connessioni dati"},
    Sentence{"Announced", "Annunciato"},
    Sentence{"Anonymous access; send your e-mail address as password", "Accesso anonimo; come password manda il tuo indirizzo di posta"},
    Sentence{"AUTH TLS is what there is", "C'è soltanto AUTH TLS"},
    Sentence{"Available: {} bytes", "Disponibili: {} byte"},
    Sentence{"Begin the TLS handshake", "Inizia la negoziazione TLS"},
    Sentence{"Bytes have 8 bits here: TYPE L 8", "Qui i byte hanno 8 bit: TYPE L 8"},
    Sentence{"Behind CCC the protection of data stays as it is", "Dopo CCC la protezione dei dati resta com'è"},
    Sentence{"Bytes: {} of {}", "Byte: {} di {}"},
    Sentence{"Cannot open the data connection: {}", "La connessione dati non si apre: {}"},
    Sentence{"Connected from {}, logged in as {}", "Connesso da {}, con accesso di {}"},
    Sentence{"Control connection {}, data connections {}", "Connessione di controllo {}, connessioni dati {}"},
    Sentence{"Data connections are in clear", "Le connessioni dati sono in chiaro"},
    Sentence{"Data connections are protected", "Le connessioni dati sono protette"},
    Sentence{"Data connections must be protected here", "Qui le connessioni dati devono essere protette"},
    Sentence{"Data goes to port {}", "I dati vanno alla porta {}"},
    Sentence{"End", "Fine"},
    Sentence{"End of status", "Fine dello stato"},
    Sentence{"Entering Extended Passive Mode (|||{}|)", "Entro in modo passivo esteso (|||{}|)"},
    Sentence{"Entering Passive Mode ({})", "Entro in modo passivo ({})"},
    Sentence{"Everything you may see is mounted", "Tutto ciò che puoi vedere è già montato"},
    Sentence{"Features:", "Estensioni:"},
    Sentence{"File transferred; the data connection stays open", "File trasferito; la connessione dati resta aperta"},
    Sentence{"Files: {} of {}", "File: {} di {}"},
    Sentence{"Goodbye", "Arrivederci"},
    Sentence{"HOST comes before USER", "HOST viene prima di USER"},
    Sentence{"It is a folder.", "È una cartella."},
    Sentence{"It is no file.", "Non è un file."},
    Sentence{"It is no folder.", "Non è una cartella."},
    Sentence{"It was given up before its end.", "È stato abbandonato prima della fine."},
    Sentence{"Links are not offered here.", "Qui i collegamenti non sono offerti."},
    Sentence{"Listing {}", "Elenco di {}"},
    Sentence{"Log in first, with USER and PASS", "Prima l'accesso, con USER e PASS"},
    Sentence{"Log in with USER and PASS", "Accedi con USER e PASS"},
    Sentence{"Logins cannot be checked now; come back later", "Gli accessi ora non si possono verificare; torna più tardi"},
    Sentence{"MLSD lists folders; MLST tells of a file", "MLSD elenca cartelle; MLST parla di un file"},
    Sentence{"MODE Z ENGINE ZLIB METHOD 8 LEVEL {}", "MODE Z ENGINE ZLIB METHOD 8 LEVEL {}"},
    Sentence{"MODE Z LEVEL set to {}", "MODE Z LEVEL ora è {}"},
    Sentence{"Mode is {}", "Il modo è {}"},
    Sentence{"Names are in UTF-8 always", "I nomi sono sempre in UTF-8"},
    Sentence{"Network protocol not supported, use ({})", "Protocollo di rete non offerto, usa ({})"},
    Sentence{"No account is needed", "Nessun conto è necessario"},
    Sentence{"No data connection", "Nessuna connessione dati"},
    Sentence{"No data port is free: {}", "Nessuna porta dati è libera: {}"},
    Sentence{"No password in clear on this connection; send AUTH TLS first", "Niente password in chiaro su questa connessione; manda prima AUTH TLS"},
    Sentence{"No range is set", "Nessun intervallo è fissato"},
    Sentence{"No transfer is running", "Nessun trasferimento è in corso"},
    Sentence{"No transfer is running; the data connection is closed", "Nessun trasferimento è in corso; la connessione dati è chiusa"},
    Sentence{"Nobody logged in in time; goodbye", "Nessun accesso in tempo; arrivederci"},
    Sentence{"Noted", "Preso nota"},
    Sentence{"Nothing moved for too long; the data connection is closed", "Nulla si è mosso per troppo tempo; la connessione dati è chiusa"},
    Sentence{"Nothing was said for too long; goodbye", "Silenzio da troppo tempo; arrivederci"},
    Sentence{"Now send PASS", "Ora manda PASS"},
    Sentence{"Now send RNTO", "Ora manda RNTO"},
    Sentence{"Ok", "Bene"},
    Sentence{"Of two names, those with spaces stand in \"quotes\"", "Di due nomi, quelli con spazi stanno tra \"virgolette\""},
    Sentence{"Ok to send data for {}", "Manda pure i dati per {}"},
    Sentence{"Only Create, Modify and UNIX.mode can be changed", "Si possono cambiare solo Create, Modify e UNIX.mode"},
    Sentence{"Only EPSV opens data connections from now on", "D'ora in poi solo EPSV apre connessioni dati"},
    Sentence{"OPTS takes MLST, HASH, UTF8 and MODE Z LEVEL", "OPTS accetta MLST, HASH, UTF8 e MODE Z LEVEL"},
    Sentence{"Opening ASCII mode data connection for a listing", "Apro una connessione dati ASCII per un elenco"},
    Sentence{"Opening {} mode data connection for {} ({} bytes)", "Apro una connessione dati {} per {} ({} byte)"},
    Sentence{"Pages are of TYPE I or L 8", "Le pagine sono di TYPE I o L 8"},
    Sentence{"Pages want TYPE I or L 8 first", "Le pagine vogliono prima TYPE I o L 8"},
    Sentence{"PASV is for IPv4; use EPSV", "PASV è per IPv4; usa EPSV"},
    Sentence{"Permission denied.", "Permesso negato."},
    Sentence{"Ports below {} are refused", "Le porte sotto {} sono rifiutate"},
    Sentence{"PROT C or PROT P", "PROT C o PROT P"},
    Sentence{"Quota:", "Quota:"},
    Sentence{"Ranges are for TYPE I in MODE S", "Gli intervalli sono per TYPE I in MODE S"},
    Sentence{"Replies are in English", "Le risposte sono in inglese"},
    Sentence{"Replies are in English and Italian", "Le risposte sono in inglese e in italiano"},
    Sentence{"Replies are in Italian", "Le risposte sono in italiano"},
    Sentence{"Restarting at {}, ending at {}", "Riprendo da {}, fino a {}"},
    Sentence{"Restarting at {}; send RETR or STOR", "Riprendo da {}; manda RETR o STOR"},
    Sentence{"RFC 959 and its extensions", "RFC 959 e le sue estensioni"},
    Sentence{"Send AUTH TLS first", "Manda prima AUTH TLS"},
    Sentence{"Send PBSZ first", "Manda prima PBSZ"},
    Sentence{"Send RNFR first", "Manda prima RNFR"},
    Sentence{"Send USER first", "Manda prima USER"},
    Sentence{"SITE commands:", "Comandi SITE:"},
    Sentence{"SIZE is known for TYPE I and STRU F only", "SIZE è noto solo per TYPE I e STRU F"},
    Sentence{"Status of {}:", "Stato di {}:"},
    Sentence{"Structure is {}", "La struttura è {}"},
    Sentence{"Syntax: {}", "Sintassi: {}"},
    Sentence{"Text in stream mode cannot be stored from the middle; use TYPE I", "Il testo in modo stream non si riprende a metà; usa TYPE I"},
    Sentence{"That folder cannot be changed.", "Quella cartella non si può cambiare."},
    Sentence{"That is no file", "Non è un file"},
    Sentence{"That is no folder", "Non è una cartella"},
    Sentence{"That is not as much as the range holds.", "Non è quanto contiene l'intervallo."},
    Sentence{"The address must be another host's", "L'indirizzo dev'essere di un altro host"},
    Sentence{"The address must be your own", "L'indirizzo dev'essere il tuo"},
    Sentence{"The address of this server is not known now; use EPSV", "L'indirizzo di questo server ora non è noto; usa EPSV"},
    Sentence{"The commands are (HELP command says more):", "I comandi sono (HELP comando dice di più):"},
    Sentence{"The control connection goes on in clear", "La connessione di controllo prosegue in chiaro"},
    Sentence{"The control connection is in clear already", "La connessione di controllo è già in chiaro"},
    Sentence{"The control connection stays protected here", "Qui la connessione di controllo resta protetta"},
    Sentence{"The data connection broke", "La connessione dati si è interrotta"},
    Sentence{"The data connection ended before the file did", "La connessione dati è finita prima del file"},
    Sentence{"The data connection must resume the TLS session of the control connection", "La connessione dati deve riprendere la sessione TLS di quella di controllo"},
    Sentence{"The data is not in the mode that was chosen: {}", "I dati non sono nel modo scelto: {}"},
    Sentence{"The disk has not that much room.", "Il disco non ha tanto spazio."},
    Sentence{"The disk is full.", "Il disco è pieno."},
    Sentence{"The disk is read-only.", "Il disco è di sola lettura."},
    Sentence{"The disk is full; the file is not stored", "Il disco è pieno; il file non è conservato"},
    Sentence{"The file could not be processed: {}", "Il file non si è potuto elaborare: {}"},
    Sentence{"The file has its new name", "Il file ha il nuovo nome"},
    Sentence{"The file has {} bytes: there is nothing to restart at {}", "Il file ha {} byte: a {} non c'è nulla da riprendere"},
    Sentence{"The file is copied", "Il file è copiato"},
    Sentence{"The file is deleted", "Il file è cancellato"},
    Sentence{"The file is not that long.", "Il file non è così lungo."},
    Sentence{"The file system keeps no date of creation.", "Il file system non conserva date di creazione."},
    Sentence{"The folder is not empty.", "La cartella non è vuota."},
    Sentence{"The folder is removed", "La cartella è tolta"},
    Sentence{"The idle limit is from 30 to {} seconds", "Il limite d'inattività va da 30 a {} secondi"},
    Sentence{"The idle limit is {} seconds", "Il limite d'inattività è di {} secondi"},
    Sentence{"The idle limit is {} seconds, at most {}", "Il limite d'inattività è di {} secondi, al massimo {}"},
    Sentence{"The last octet comes before the first", "L'ultimo ottetto viene prima del primo"},
    Sentence{"The line is longer than {} octets", "La riga supera i {} ottetti"},
    Sentence{"The link is made", "Il collegamento è fatto"},
    Sentence{"The folder has more than {} entries, too many to sort", "La cartella ha più di {} voci, troppe per ordinarle"},
    Sentence{"The mask is {}; the owner's rights stay", "La maschera è {}; i diritti di chi possiede restano"},
    Sentence{"The mask is {}", "La maschera è {}"},
    Sentence{"The mode is {}; its owner's rights stay", "Il modo è {}; i diritti di chi possiede restano"},
    Sentence{"The mode is {}", "Il modo è {}"},
    Sentence{"The name is not well-formed UTF-8.", "Il nome non è in UTF-8 corretto."},
    Sentence{"The name is taken.", "Il nome è già preso."},
    Sentence{"The name is too long.", "Il nome è troppo lungo."},
    Sentence{"The quota is used up.", "La quota è esaurita."},
    Sentence{"The server failed", "Il server ha sbagliato"},
    Sentence{"The server is stopping; come back later", "Il server si ferma; torna più tardi"},
    Sentence{"The server may not do that.", "Il server non può farlo."},
    Sentence{"The target is one of the parts; nothing was changed", "La destinazione è una delle parti; nulla è cambiato"},
    Sentence{"There are as many files as the quota allows.", "I file sono quanti ne permette la quota."},
    Sentence{"There are as many anonymous users as there may be; come back later", "Gli utenti anonimi sono già quanti possono essere; torna più tardi"},
    Sentence{"There is a folder of that name.", "C'è una cartella con quel nome."},
    Sentence{"There is no anonymous access here", "Qui non c'è accesso anonimo"},
    Sentence{"There is no such command", "Non c'è un tale comando"},
    Sentence{"There is no such file or folder.", "Non c'è un tale file o cartella."},
    Sentence{"There is no such host here", "Qui non c'è un tale host"},
    Sentence{"This account may not be used any more; goodbye", "Questo conto non si può più usare; arrivederci"},
    Sentence{"This account has as many sessions as it may have", "Questo conto ha già tutte le sessioni che può avere"},
    Sentence{"This is an FTP server", "Questo è un server FTP"},
    Sentence{"TLS is active already", "TLS è già attivo"},
    Sentence{"TLS is not available here", "TLS qui non è disponibile"},
    Sentence{"TLS protects all or nothing", "TLS protegge tutto o nulla"},
    Sentence{"TLS was begun for another host; connect again for this one",
             "TLS è stato avviato per un altro host; ricollegarsi per questo"},
    Sentence{"Too many errors; goodbye", "Troppi errori; arrivederci"},
    Sentence{"Too many failed logins from your address; come back later", "Troppi accessi falliti dal tuo indirizzo; torna più tardi"},
    Sentence{"Too many failed logins; goodbye", "Troppi accessi falliti; arrivederci"},
    Sentence{"Too many sessions; come back later", "Troppe sessioni; torna più tardi"},
    Sentence{"Too many transfers are running; try again later", "Troppi trasferimenti in corso; riprova più tardi"},
    Sentence{"Transfer aborted", "Trasferimento interrotto"},
    Sentence{"Transfer aborted; no data connection was opened", "Trasferimento interrotto; nessuna connessione dati era aperta"},
    Sentence{"Transfer complete", "Trasferimento completo"},
    Sentence{"Type is {}", "Il tipo è {}"},
    Sentence{"Unknown command; HELP lists what there is", "Comando sconosciuto; HELP elenca quelli che ci sono"},
    Sentence{"Unknown hash; FEAT lists them", "Hash sconosciuto; FEAT li elenca"},
    Sentence{"Unknown SITE command; SITE HELP lists them", "Comando SITE sconosciuto; SITE HELP li elenca"},
    Sentence{"Usage: {}", "Uso: {}"},
    Sentence{"A slash ends the names of folders only.",
             "Solo i nomi delle cartelle finiscono con una barra."},
    Sentence{"It has rights of its own.", "Ha diritti propri."},
    Sentence{"What lies beneath has rights of its own.", "Ciò che sta sotto ha diritti propri."},
    Sentence{"What was kept of the upload is deleted", "Ciò che restava del caricamento è cancellato"},
    Sentence{"Wrong user name or password", "Nome o password sbagliati"},
    Sentence{"You are logged in already", "Hai già fatto l'accesso"},
    Sentence{"Your files cannot be reached now; come back later", "I tuoi file ora non si raggiungono; torna più tardi"},
    Sentence{"Your sessions:", "Le tue sessioni:"},
    Sentence{"every port from {} to {} is taken", "ogni porta da {} a {} è presa"},
    Sentence{"in clear", "in chiaro"},
    Sentence{"the client did not connect in time", "il client non si è connesso in tempo"},
    Sentence{"{} FTP server ready", "server FTP {} pronto"},
    Sentence{"{} FTP server status:", "Stato del server FTP {}:"},
    Sentence{"{} is logged in", "{} ha fatto l'accesso"},
    Sentence{"{} is the current folder", "{} è la cartella corrente"},
    Sentence{"{} parts are one file", "{} parti sono un file"},
    Sentence{"{} parts are one file; {} of them cannot be removed", "{} parti sono un file; {} di loro non si possono togliere"},
    Sentence{"{} was made", "{} è stata fatta"},
    Sentence{"{} {}: {} bytes transferred", "{} {}: {} byte trasferiti"},
};

// clang-format on

std::string_view take_piece(std::string_view& pattern) {
    const std::size_t hole = pattern.find(kHole);
    const std::string_view piece = pattern.substr(0, hole);
    pattern =
        hole == std::string_view::npos ? std::string_view() : pattern.substr(hole + kHole.size());
    return piece;
}

std::optional<std::string> translate(std::string_view line, bool inner);

// `line` by this sentence; nothing where it is another. What stands in a hole may be a sentence itself.
std::optional<std::string> apply(const Sentence& sentence, std::string_view line, bool inner) {
    std::string_view english = sentence.english;
    std::string_view italian = sentence.italian;
    const std::string_view first = take_piece(english);
    if (!line.starts_with(first)) {
        return std::nullopt;
    }
    line.remove_prefix(first.size());
    std::string out(take_piece(italian));
    bool more = first.size() < sentence.english.size();
    while (more) {
        more = english.find(kHole) != std::string_view::npos;
        const std::string_view next = take_piece(english);
        const bool fits = more || line.ends_with(next);
        const std::size_t end = more ? line.find(next) : line.size() - next.size();
        if (!fits || end > line.size()) {
            return std::nullopt;
        }
        const std::string_view value = line.substr(0, end);
        out += inner ? std::string(value) : translate(value, true).value_or(std::string(value));
        out += take_piece(italian);
        line.remove_prefix(end + next.size());
    }
    return line.empty() ? std::optional(std::move(out)) : std::nullopt;
}

std::optional<std::string> translate(std::string_view line, bool inner) {
    for (const Sentence& sentence : kSentences) {
        if (auto found = apply(sentence, line, inner)) {
            return found;
        }
    }
    return std::nullopt;
}

}  // namespace

std::span<const Sentence> sentences() {
    return kSentences;
}

std::string in_italian(std::string_view text) {
    std::string out;
    while (true) {
        const bool last = text.find('\n') == std::string_view::npos;
        const std::string_view line = base::split_front(text, '\n');
        out += translate(line, false).value_or(std::string(line));
        if (last) {
            return out;
        }
        out += '\n';
    }
}

}  // namespace ftp
