"""A story of more than one Discord message, for replies that must be split."""

STORY = """\
Far out on the grey coast, where the road ends in sand, there stood a lighthouse that had \
forgotten how to shine. Its keeper was a woman named Marta. She was seventy-one years old, she \
owned four sweaters, and she had never once missed a night.

One evening in late October the lamp went out. There was no storm, no bang, no smell of smoke; it \
simply stopped, the way a person stops in the middle of a sentence. Marta climbed the 114 steps \
with a torch between her teeth. She looked at the wires. She looked at the glass. “Well,” she said \
to the lamp, “you picked a fine time for it.”

Down in the village they noticed at once. “The light is gone!” cried the baker's boy, and he ran \
from door to door. Mr. Ollander, who had been a sailor for forty years, put on his boots without a \
word. The schoolteacher brought candles, the priest brought matches, and somebody's grandmother \
brought soup, because in her opinion no trouble was ever made worse by soup.

There were three boats still out that night: the Marigold, the Old Thomas and the Swift. Their \
crews knew the coast well, but the coast in the dark is another coast. The rocks called the Seven \
Sisters lie half a mile from shore, and at high water you can't see even one of them. How do you \
warn a boat that can't see you? You make yourself seen.

So they carried everything up. They carried candles, lanterns, a bicycle lamp, two mirrors from \
the barber's shop and a silver tray that had been a wedding present in 1952. They stood in a line \
on the stairs, eighty people, hand to hand, and the lights went up like beads on a string. At the \
top Marta set each of them in its place. She worked quickly; she didn't speak; now and then she \
turned a mirror by the width of a finger.

At half past nine the tower began to glow. It was not the old light, white and sharp. This one was \
golden, and it trembled, and it seemed to breathe. From far away it looked as if somebody had hung \
a small sun in a window and left it there for a friend.

The Swift saw it first. Her skipper rubbed his eyes, laughed out loud and turned the wheel to \
port. The Old Thomas followed with her nets still in the water. The Marigold was the last. She \
came in so slowly that people on the pier began to count under their breath: one, two, three … \
and at four hundred and six her rope flew through the air, and Mr. Ollander caught it.

Nobody went home before morning. They sat on the steps of the lighthouse and ate the soup, which \
was excellent, and they told one another where each of the lanterns had come from. The engineer \
arrived on Thursday with a new part in a wooden box. It cost 12.50 and took him nine minutes.

Marta thanked him politely. She tested the lamp, entered the repair in her book and went down to \
make tea. But one of the candles she kept. It stands on her windowsill to this day, and every year \
in late October, when the first real dark comes in from the sea, she lights it. “So that the big \
one remembers,” she says, “that it can be replaced.”"""
