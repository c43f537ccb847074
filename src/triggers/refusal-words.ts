/** The words by which people refuse, by language: folded as all words are, so without accents and in small letters. */
export interface RefusalWords {
  /** Before what is refused, or before a verb of asking: don’t, nicht, pas. An apostrophe ends a word: don, t. */
  not: string;
  /** Refuses the thing itself: no guide, kein Guide, geen gids. */
  no: string;
  /** What people ask for things with. No past forms: “you never sent it” complains that it did not come. */
  ask: string;
  /** Of those, what one has: je n’ai pas besoin tells of no past. */
  need: string;
  /** May stand between any of the others without changing what is said. */
  filler: string;
  /** As good as that behind the keyword: thank you. */
  tail: string;
  /** Turns a refusal round or into something else: I don’t want to miss it. */
  turns: string;
  /** Begins a question or an excuse: why don’t you send it? */
  why: string;
  /** Before it, a “not” tells of what did not happen: ich habe ihn nicht bekommen. */
  past: string;
  /** Not to do that is to do it: n’oublie pas, zögere nicht. Right before a “not”, it is none. */
  urges: string;
  /** Behind a “not” it says what one has not got: no tengo la guía. */
  lacks: string;
  /** Asks somebody not to: could you not send it? Such a question is no question. */
  plea: string;
  /** A new thought begins: no slides but the guide. */
  but: string;
  /** Right behind the keyword, it refuses it: the guide? No thanks. Words in a row, by commas. */
  after: string;
}

export const refusalLanguages = ['en', 'nl', 'de', 'fr', 'es', 'pt'] as const;
export type RefusalLanguage = (typeof refusalLanguages)[number];

/** @returns null for any, also where the language is one whose refusals are not known */
export function refusalLanguageOf(language: string | null): RefusalLanguage | null {
  return refusalLanguages.find((each) => each === language) ?? null;
}

export const refusalWords: Readonly<Record<RefusalLanguage, RefusalWords>> = {
  en: {
    not: 'not don dont never stop quit wouldn',
    no: 'no',
    ask: 'send sending wish want need give giving dm dming message messaging share sharing share mail email pm drop like care interested',
    need: 'need interested',
    filler:
      't please pls plz ever really even actually me us my to the a an any your this that these those of with for in about it anymore again now more think i we do at all here either thanks thank so much dms messages anything need bother receive sure',
    tail: 'you',
    turns: 'only just miss lose wait forget stop pay leave without until unless if hesitate mind',
    why: 'why',
    past: 'is was are were have has had did didn got there s still yet you they he she who',
    urges: '',
    lacks: '',
    plea: 'could can would will',
    but: 'but so because since however',
    after: 'no thanks,no thank you,no thx,not interested,not for me,not needed',
  },
  nl: {
    not: 'niet nooit stop',
    no: 'geen',
    ask: 'stuur stuurt sturen verstuur zend zenden wil willen wilt hoef hoeft hoeven geef geven nodig app appen mail mailen dm wens behoefte',
    need: 'nodig behoefte',
    filler:
      'alsjeblieft aub svp mij me m ons de het een die dit deze dat je jouw uw naar toe meer echt eigenlijk maar nu ook te hebben krijgen ontvangen ik in met aan via heb wij we graag hier',
    tail: '',
    turns: 'alleen missen verliezen wachten vergeten vergeet betalen zonder tot tenzij als slechts',
    why: 'waarom',
    past: 'had kreeg gekregen ontvangen gehad is was staat werkt zie vind kan er nog',
    urges: 'aarzel vergeet',
    lacks: '',
    plea: 'zou',
    but: 'maar want omdat dus',
    after: 'nee bedankt,nee dank je,nee dankjewel,nee dank u,niet nodig,hoeft niet,hoef ik niet,wil ik niet',
  },
  de: {
    not: 'nicht nie niemals ned',
    no: 'kein keine keinen keinem keiner keins',
    ask: 'schick schicke schickt schicken schickst send sende sendet senden will wollen mochte mochten moechte brauche brauch brauchen benotige gib geben gebt haben zusenden zuschicken verschick verschicken interesse bedarf mag wunsche',
    need: 'interesse bedarf',
    filler:
      'bitte mir uns mich den die das dem der ein eine einen einem diesen dieses diese deinen deine dein euren ihren mehr wirklich eigentlich auch jetzt an zu ich wir per dm da hier bekommen erhalten danke gar ja doch im in',
    tail: '',
    turns:
      'nur bloss verpassen verlieren warten vergessen vergiss vergesst bezahlen zahlen ohne bis wenn ausser',
    why: 'warum wieso weshalb',
    past: 'habe hab hast hat hatte hatten wurde bekam erhielt ist war gibt finde kann noch leider',
    urges: 'zogere zogert vergiss vergesst',
    lacks: '',
    plea: 'konntest konnten wurdest',
    but: 'aber sondern weil denn',
    after:
      'nein danke,ne danke,nee danke,brauche ich nicht,brauch ich nicht,will ich nicht,nicht notig,lieber nicht',
  },
  fr: {
    not: 'pas plus jamais arrete arretez cesse cessez',
    no: 'aucun aucune',
    ask: 'envoie envoies envoyez envoyer envoi veux veut voulons voudrais souhaite besoin envie donne donnez donner partage partager interesse interessee mp dm ecris ecrivez transmettre transmets transfere',
    need: 'besoin interesse interessee envie',
    filler:
      's il te vous plait svp stp moi m me nous le la les l un une de du des d ce cet cette ces votre ton mon en y merci mais vraiment ne n surtout tout a par',
    tail: '',
    turns:
      'seulement que juste rater manquer louper perdre attendre oublier oublie oubliez payer acheter sauf si',
    why: 'pourquoi',
    past: 'ai as a avons avez ont recu recue suis est etait vois trouve peux tu',
    urges: 'oublie oublies oubliez hesite hesites hesitez tarde tardes tardez',
    lacks: '',
    plea: 'pourriez pourrais pouvez',
    but: 'mais car parce donc',
    after: 'non merci,sans facon,pas pour moi,pas besoin,pas interesse,pas interessee',
  },
  es: {
    not: 'no nunca jamas deja dejen dejad tampoco',
    no: 'ningun ninguna',
    ask: 'interes falta envies envie envien enviar enviarme envieis enviando enviarmela quiero queremos queria necesito necesitamos mandes mande manden mandar mandarme mandando des de den dar darme pases pase pasar pasarme compartas comparte interesa deseo',
    need: 'interes',
    filler:
      'por favor porfa me nos te le lo la las los el un una unos unas esa ese esta este tu su mi mas gracias ya de del que a en nada eso tengo hace mensajes',
    tail: '',
    turns: 'solo solamente perder perderme perdermela esperar olvidar olvides pagar comprar hasta si sino',
    why: 'por_que porque',
    past: 'he has ha han habia recibido recibi llego llega encuentro puedo esta veo hay',
    urges: '',
    lacks: 'tengo',
    plea: 'podrias podrian podeis',
    but: 'pero sino porque',
    after: 'no gracias,no la quiero,no lo quiero,no me interesa,no hace falta,no la necesito',
  },
  pt: {
    not: 'nao n nunca jamais pare parem deixe tampouco',
    no: 'nenhum nenhuma',
    ask: 'envie envia enviem enviar enviando envies quero queremos queria preciso precisamos mande manda mandem mandar mandando mandes de da dar deem passe passa passar compartilhe interesso interessa interesse desejo',
    need: 'interesse',
    filler:
      'por favor pfv me nos te lhe o a os as um uma esse essa este esta seu sua meu minha mais obrigado obrigada ja do da de no na que pra para nada isso tenho em mim',
    tail: '',
    turns: 'so somente apenas perder esperar esquecer esqueca pagar comprar ate se',
    why: 'por_que porque porq pq',
    past: 'recebi recebeu chegou consigo consegui acho encontro foi tem esta ainda vi tinha',
    urges: '',
    lacks: 'tenho',
    plea: 'poderia poderiam podes',
    but: 'mas porem porque',
    after: 'nao obrigado,nao obrigada,nao quero,nao preciso,nao me interessa',
  },
};
