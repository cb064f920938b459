/* The words and sentence templates of fables.c, which defines their notation. */
#ifndef TOOLS_FABLE_FABLES_WORDS_H
#define TOOLS_FABLE_FABLES_WORDS_H

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { PLOT_STEPS = 7, PLOT_CHOICES = 3 };

struct plot {
    const char *step[PLOT_STEPS][PLOT_CHOICES];
    const char *moral[PLOT_CHOICES];
};

static const char *const names[] = {
    "Mia",  "Tom",  "Ada",   "Ben",  "Lily", "Max",  "Nora",  "Otto",  "Ruby",  "Sam",
    "Tess", "Hugo", "Ivy",   "Jack", "Kira", "Leo",  "Maya",  "Ned",   "Olive", "Pip",
    "Rosa", "Seth", "Tilda", "Una",  "Vera", "Walt", "Zoe",   "Finn",  "Greta", "Hans",
    "Ida",  "Juno", "Karl",  "Luna", "Milo", "Nell", "Oscar", "Pearl", "Quinn", "Rufus",
};

static const char *const kinds[] = {
    "fox",   "hare",  "wolf",  "bear",  "crow", "mouse",  "frog", "owl",   "goat", "lamb",
    "hen",   "duck",  "cat",   "dog",   "lion", "donkey", "ant",  "bee",   "deer", "badger",
    "otter", "goose", "crane", "snail", "toad", "rat",    "pig",  "horse",
};

static const char *const homes[] = {
    "by the old mill",        "under the tall oak",        "near the deep well",
    "behind the big barn",    "on the grassy hill",        "beside the quiet lake",
    "in the hollow log",      "below the stone bridge",    "inside the dark cave",
    "in the rose garden",     "on the little island",      "by the salty sea",
    "in the apple orchard",   "beside the broken wall",    "inside the lonely tower",
    "under the steep stairs", "near the windy cliff",      "in the wheat field",
    "by the winding river",   "behind the loud waterfall", "below the empty castle",
    "on the sandy beach",     "near the busy market",      "under the thorny hedge",
};

static const char *const colors[] = {
    "red",    "blue",   "green",  "yellow", "white", "black",
    "silver", "golden", "purple", "brown",  "pink",  "gray",
};

static const char *const things[] = {
    "lantern", "basket", "drum", "kite",    "key",    "bell",   "ribbon", "book",
    "cup",     "scarf",  "hat",  "ball",    "flute",  "mirror", "rope",   "coat",
    "pot",     "shell",  "coin", "feather", "button", "candle", "spoon",  "blanket",
};

static const char *const foods[] = {
    "plums",   "apples", "nuts",     "honey",     "cheese",  "berries",  "bread",
    "carrots", "beans",  "pears",    "corn",      "soup",    "cherries", "seeds",
    "grapes",  "butter", "pumpkins", "mushrooms", "turnips", "cake",
};

static const char *const spots[] = {
    "under a flat rock", "behind a fence",   "in a bird nest",         "inside an old boot",
    "in the tall grass", "under a bench",    "in a muddy ditch",       "on top of a wagon",
    "behind a haystack", "in a rabbit hole", "under a pile of leaves", "inside a clay jar",
};

static const char *const openings[] = {
    "once upon a time there was $K named $n.",   "long ago there was $K named $n.",
    "in a land far away there was $K named $n.", "there once was $K named $n.",
    "many years ago there lived $K named $n.",
};

static const char *const arrivals[] = {
    "not far away there lived $K named $n.",
    "one day #n met $K named $n.",
    "#n had a neighbor, $K named $n.",
    "in those days there was also $K named $n.",
};

/* One row per fact that an introduction tells. A fact is told, said again and asked for in the same
 * few words after the name, with varied words around them. */
static const char *const tellings[][3] = {
    {"$n lived $h.", "for many years $n lived $h.", "$n lived $h and was happy there."},
    {"$n carried $T. The $o was $c.", "wherever the road led, $n carried $T. The $o was $c.",
     "$n carried $T day and night. Everyone could see that the $o was $c."},
    {"$n loved $f.", "more than anything $n loved $f.", "$n loved $f, and so did the birds."},
    {"$n trusted $b.", "of all the world $n trusted $b.", "$n trusted $b more than anyone."},
};

/* Said again soon after the introduction: recall over a short distance. */
static const char echo_letters[] = {'h', 't', 'f', 'b', 'c', 'k'};

static const char *const echoes[][2] = {
    {"everyone knew that $n lived [$h].", "so $n lived [$h], in summer and in winter."},
    {"people said that $n carried [$T].", "even at night $n carried [$T]."},
    {"nobody doubted that $n loved [$f].", "still, $n loved [$f]."},
    {"it was no secret that $n trusted [$b].", "as always, $n trusted [$b]."},
    {"in the sun the $o was [$c].", "it is true, the $o was [$c]."},
    {"yes, $n was [$K].", "it was plain that $n was [$K]."},
};

static const char talk_letters[] = {'h', 't', 'f', 'b', 'c', 'k'};

static const char *const talks[][2] = {
    {"\"Where did $n live?\" asked #n. \"$n lived [$h],\" said the wind.",
     "#n asked the birds where $n lived. \"$n lived [$h],\" sang the birds."},
    {"\"What did $n carry?\" asked #n. \"$n carried [$T],\" said the wind.",
     "#n asked the birds what $n carried. \"$n carried [$T],\" sang the birds."},
    {"\"What did $n love?\" asked #n. \"$n loved [$f],\" said the wind.",
     "#n asked the birds what $n loved. \"$n loved [$f],\" sang the birds."},
    {"\"Whom did $n trust?\" asked #n. \"$n trusted [$b],\" said the wind.",
     "#n asked the birds whom $n trusted. \"$n trusted [$b],\" sang the birds."},
    {"\"What color was the $o?\" asked #n. \"The $o was [$c],\" said the wind.",
     "#n asked the birds about the $o. \"The $o was [$c],\" sang the birds."},
    {"\"Who was $n?\" asked #n. \"$n was [$K],\" said the wind.",
     "#n asked the birds who $n was. \"$n was [$K],\" sang the birds."},
};

static const char question_letters[] = {'k', 'h', 't', 'c', 'f', 'b', 's'};

static const char *const questions[][2] = {
    {"What kind of animal was $n? $n was [$K].", "Who was $n? $n was [$K]."},
    {"Where did $n live? $n lived [$h].", "Where was the house of $n? $n lived [$h]."},
    {"What did $n carry? $n carried [$T].", "What did $n always carry? $n carried [$T]."},
    {"What color was the $o? The $o was [$c].", "What was the color of the $o? The $o was [$c]."},
    {"What did $n love? $n loved [$f].", "What did $n love to eat? $n loved [$f]."},
    {"Whom did $n trust? $n trusted [$b].", "Who was the friend of $n? $n trusted [$b]."},
    {"Where was the $o hidden? The $o was hidden [$s].",
     "Where did they find the $o? The $o was hidden [$s]."},
};

static const char *const fillers[] = {
    "The sun was warm and the birds sang.",
    "The wind was soft and the sky was clear.",
    "It rained for three days.",
    "The snow fell and the nights were long.",
    "In the spring the flowers came back.",
    "Every evening the stars came out.",
    "The bees hummed over the meadow.",
    "Nobody in the village was in a hurry.",
    "The leaves turned yellow and fell to the ground.",
    "The children laughed and the old ones told stories.",
    "It was the hottest day of the summer.",
    "The moon was round and bright.",
    "A cold fog came down from the mountain.",
    "The days passed, one like the other.",
};

static const struct plot plots[] = {
    {{{"One morning the $o of $n was gone.", "One day $n could not find the $o.",
       "Then a thief took the $o of $n."},
      {"$n looked everywhere and began to cry.", "$n searched all day and found nothing.",
       "$n sat down and was very sad."},
      {"\"I will help you,\" said #n.", "#n the #k heard of it and came at once.",
       "\"Do not cry,\" said #n the #k."},
      {"#n walked slowly and looked with care.", "#n asked everyone on the road.",
       "#n did not give up when it grew dark."},
      {"#n saw that the $o was hidden $s.", "A crow told #n that the $o was hidden $s.",
       "Then #n found out that the $o was hidden $s."},
      {"$n gave #n some $f to say thank you.", "$n thanked #n with all the $f in the house.",
       "$n was so happy that they shared the $f."},
      {"Then $n went home to $p.", "They walked back to $p together.",
       "That night they danced at $p."}},
     {"a friend in need is a friend indeed.", "who looks with care will find.",
      "a good friend is worth more than gold."}},
    {{{"One night a great storm came.", "That autumn a terrible storm came.",
       "Then the sky grew black and a storm came."},
      {"The wind broke the roof of $n.", "The rain filled the house of $n with water.",
       "The thunder frightened poor $n."},
      {"$n took the $o and ran away.", "$n left everything but the $o.", "$n held the $o and ran."},
      {"$n came to #p and knocked.", "$n ran through the rain to #p.",
       "At midnight $n reached #p."},
      {"\"Come in, dear $k,\" said #n.", "\"Who is there? Is it the $k?\" said #n.",
       "#n the #k opened the door."},
      {"They ate #f and waited for the sun.", "#n gave $n a bowl of #f.",
       "There was enough #f for two."},
      {"In the morning they built a new house $h.", "Soon $n lived again $h.",
       "Later #n often came to visit $n $h."}},
     {"an open door makes a friend for life.", "kindness is a roof in the rain.",
      "help others and they will help you."}},
    {{{"$n the $k said, \"I am the fastest of all.\"", "$n the $k laughed at #n the #k.",
       "\"No one can beat me,\" said $n the $k."},
      {"\"Let us race to #p,\" said #n.", "\"Then race me to #p,\" said #n.",
       "So they agreed to race to #p."},
      {"$n ran like the wind.", "$n was soon far ahead.", "$n jumped away with a loud laugh."},
      {"But $n stopped to eat $f.", "Then $n smelled $f and stopped.",
       "On the way $n found some $f and fell asleep."},
      {"#n walked on and did not stop.", "#n went on, step by step.",
       "#n the #k kept going all day long."},
      {"So #n won the race.", "#n was the first to arrive.", "When $n woke up, #n had won."},
      {"$n had to give the $o to #n for a day.", "$n let #n hold the $o.",
       "The prize was the $o of $n."}},
     {"slow and steady wins the race.", "do not laugh at those who try.",
      "pride comes before a fall."}},
    {{{"Then a hard winter came.", "That year the winter was long and cold.",
       "Soon there was nothing to eat in the whole land."},
      {"$n still had a great heap of $f.", "Only $n had saved some $f.",
       "In the house of $n there was plenty of $f."},
      {"#n the #k was hungry.", "#n had not eaten for two days.",
       "Poor #n dreamed of #f every night."},
      {"$n closed the door and ate alone.", "$n did not want to share it.",
       "$n told nobody about it."},
      {"But at night $n could not sleep.", "But $n felt ashamed and sad.",
       "But eating alone made $n lonely."},
      {"So $n went to #p and said, \"Let us share.\"", "So $n brought food to #n, who lived #h.",
       "So $n called #n and they ate together."},
      {"#n gave $n the #o as a gift.", "To say thank you, #n lent $n the #o.",
       "#n was so glad that $n got the #o."}},
     {"what we share tastes best.", "a gift comes back in time.",
      "he who eats alone stays hungry in his heart."}},
    {{{"One day $n fell into a deep pit.", "Once $n was caught in a net.",
       "One morning $n got stuck in the mud."},
      {"\"Help!\" cried $n, far from $p.", "$n called for help, but nobody came.",
       "$n was afraid never to see $p again."},
      {"#n was eating #f and heard the cry.", "#n the #k came down the road.",
       "Only #n, the little #k, was near."},
      {"\"Hold on to the #o,\" said #n.", "#n let down the #o to $n.",
       "#n put the #o on the ground and began to dig."},
      {"#n pulled and pulled until $n was free.", "It took all night, but $n was free.",
       "With one last pull $n came out."},
      {"\"I will never forget this,\" said the $k.", "The $k thanked the #k.",
       "$n the $k bowed to #n the #k."},
      {"Then they went to eat $f.", "They ate $f until the moon came up.",
       "$n cooked $f for everyone."}},
     {"no one is too small to help.", "be kind to all, great and small.",
      "the one you help today may help you tomorrow."}},
};

static const char *const lone_morals[] = {
    "be happy with what you have.",
    "a quiet life is a good life.",
    "small things make us rich.",
    "who needs little has enough.",
};

#endif
