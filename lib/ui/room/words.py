"""What the script of the page Room says, by short names; `{gaps}` are filled by the script."""

from lib.i18n import Translator


def said(t: Translator) -> dict[str, str]:
    """Return the words in the visitor's language."""
    return {
        **_door(t),
        **_joining(t),
        **_round(t),
        **_photos(t),
        **_collecting(t),
        **_people(t),
        **_end(t),
        "lost": t("This computer’s server does not answer. Trying again …"),
        "waiting": t("Looking for the room …"),
        "close": t("Close"),
        "cancel": t("Cancel"),
        "more": t("More"),
        "previous": t("Previous"),
        "next": t("Next"),
        "full": t("Full screen"),
        "view": t("View"),
    }


def _door(t: Translator) -> dict[str, str]:
    return {
        "title": t("All phones, one screen"),
        "what": t("A room lets a class send photos by phone and guess what the model will say before it answers."),
        "then": t("When you end the room, everything in it is forgotten."),
        "open": t("Open a room"),
        "openOther": t("Open another room"),
        "back": t("Go back to {code}", code="{code}"),
        "alone": t("Only this computer can open the app now. To let a class in, end it and start it with:"),
        "ended": t("This room has ended."),
    }


def _joining(t: Translator) -> dict[str, str]:
    return {
        "join": t("Join with your phone"),
        "qr": t("QR code of {address}", address="{address}"),
        "tryHere": t("Try the phone’s page here"),
        "here1": t("{n} is here", n="{n}"),
        "here": t("{n} are here", n="{n}"),
        "asleepN": t("{n} with a sleeping phone", n="{n}"),
        "locked": t("The door is locked"),
        "paused": t("Paused"),
        "lock": t("Lock the door: nobody else can join"),
        "pause": t("Pause: phones can send nothing"),
        "withPoints": t("Points for right guesses"),
        "answers": t("The model that answers"),
        "answersHelp": t("With another model a new round begins."),
        "cannotJoin": t("A phone cannot join?"),
        "otherAddresses": t("If that does not open, this computer also has: {addresses}", addresses="{addresses}"),
    }


def _round(t: Translator) -> dict[str, str]:
    return {
        "ask": t("What will the model say?"),
        "askShown": t("Did you guess what it says?"),
        "show": t("Show answers"),
        "hide": t("Hide answers"),
        "nextRound": t("Next round"),
        "answering": t("{model} answers", model="{model}"),
        "wall": t("Wall"),
        "piles": t("Piles"),
        "disagreements": t("Disagreements"),
        "photo1": t("1 photo"),
        "photos": t("{n} photos", n="{n}"),
        "small": t("More, smaller"),
        "nothing": t("Photos appear here as soon as somebody sends one."),
        "legend": t("share of the class that has guessed"),
        "legendShown": t("share of the class that guessed it"),
        "total": t("{right} right guesses, {surprises} surprises", right="{right}", surprises="{surprises}"),
        "points": t("Points"),
        "pointsHelp": t("A point for each right guess, all rounds together."),
        "train": t("Train with these photos"),
    }


def _photos(t: Translator) -> dict[str, str]:
    return {
        "guessed": t("{n} of {of} have guessed", n="{n}", of="{of}"),
        "guessedIt": t("{n} of {of} guessed it", n="{n}", of="{of}"),
        "votes": t("Votes: {right} right, {wrong} wrong", right="{right}", wrong="{wrong}"),
        "enlarge": t("Photo by {name}, show it large", name="{name}"),
        "photoOf": t("Photo by {name}", name="{name}"),
        "place": t("{n} of {total}", n="{n}", total="{total}"),
        "unsure": t("not sure"),
        "agreed": t("Nobody disagrees with the model so far."),
        "classSays": t("The class says"),
        "modelSays": t("The model says"),
        "itIsWrong": t("That is wrong"),
        "classGuessed": t("What the class guessed"),
        "right": t("what it says"),
        "hidePhoto": t("Hide this photo"),
        "hiddenN": t("Hidden ({n})", n="{n}"),
        "hiddenPhotos": t("Hidden photos"),
        "noneHidden": t("No photo is hidden."),
        "showAgain": t("Show again"),
    }


def _collecting(t: Translator) -> dict[str, str]:
    return {
        "collect": t("Collect"),
        "collectPhotos": t("Collect photos"),
        "backToWall": t("Back to the wall"),
        "nameClasses": t("What shall the model learn to tell apart?"),
        "nameHelp": t("Name two to six classes. Phones then send photos for each of them."),
        "className": t("Class {n}", n="{n}"),
        "another": t("Another class"),
        "begin": t("Collect photos"),
        "add": t("Add"),
        "pin": t("All phones: {label}", label="{label}"),
        "pinned": t("All phones take {label} now", label="{label}"),
        "aside": t("Set aside because they could not be used: {n}", n="{n}"),
        "good": t("Is it any good?"),
        "modelName": t("Name of the model"),
        "make": t("Make the model"),
        "renew": t("Renew the model"),
        "openTrain": t("Open in Train"),
        "onPhones": t("“{model}” is on all phones now, and a new round has begun.", model="{model}"),
    }


def _people(t: Translator) -> dict[str, str]:
    return {
        "people": t("Who is here"),
        "nobody": t("Nobody has joined yet."),
        "name": t("Name"),
        "photosTitle": t("Photos"),
        "phone": t("Phone"),
        "isHere": t("here"),
        "isAsleep": t("asleep"),
        "remove": t("Remove from room"),
        "removeSure": t("Remove {name}?", name="{name}"),
        "removeMeans": t("Their photos leave the wall, and that phone cannot come in again."),
    }


def _end(t: Translator) -> dict[str, str]:
    return {
        "takeHome": t("Take everything home (zip)"),
        "endRoom": t("End the room"),
        "end": t("End: forget everything"),
        "endSure": t("End this room?"),
        "endMeans": t("Then this is gone, from memory and disk:"),
        "gonePerson": t("1 person with guesses and points"),
        "gonePeople": t("{n} people with guesses and points", n="{n}"),
        "goneSet": t("the class set “{names}” with {n} photos", names="{names}", n="{n}"),
        "goneSetModel": t("the class set “{names}” with {n} photos, and its model", names="{names}", n="{n}"),
        "keepSet": t("Keep the class set and its model"),
        "endNow": t("End and forget"),
        "allGone": t("Everything of this room is gone"),
        "allButSet": t("All is gone but the class set that you kept"),
        "notGone": t("Something of this room is still there"),
        "looked": t("The server has looked again. Of this room there are left:"),
        "leftRooms": t("rooms"),
        "leftPhotos": t("photos"),
        "leftPeople": t("people"),
        "leftProjects": t("class sets"),
        "leftModels": t("models"),
    }
