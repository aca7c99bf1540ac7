// A bot on discord.js that does what it is told and tells what it sees, one JSON object a line:
// orders on standard input, events on standard output. GUEST_API and GUEST_TOKEN say where.

import { createInterface } from 'node:readline';
import { EndBehaviorType, joinVoiceChannel } from '@discordjs/voice';
import { Client, GatewayIntentBits as Intent } from 'discord.js';

const intents = [
  Intent.Guilds,
  Intent.GuildMessages,
  Intent.MessageContent,
  Intent.GuildVoiceStates,
];
const client = new Client({ intents, rest: { api: process.env.GUEST_API.replace(/\/v10$/, '') } });

function tell(event, data = {}) {
  process.stdout.write(`${JSON.stringify({ event, ...data })}\n`);
}

function described(message) {
  return {
    id: message.id,
    channel: message.channelId,
    author: message.author.username,
    bot: message.author.bot,
    content: message.content,
  };
}

const orders = {
  async post({ channel, content }) {
    const place = await client.channels.fetch(channel);
    tell('posted', described(await place.send(content)));
  },

  async edit({ channel, message, content }) {
    const place = await client.channels.fetch(channel);
    const found = await place.messages.fetch(message);
    tell('edited', described(await found.edit(content)));
  },

  async register({ name }) {
    const command = await client.application.commands.create({ name, description: 'Say hello.' });
    tell('registered', { name: command.name });
  },

  async join({ channel, guild, listen }) {
    const { voiceAdapterCreator } = await client.guilds.fetch(guild);
    const connection = joinVoiceChannel({
      channelId: channel,
      guildId: guild,
      adapterCreator: voiceAdapterCreator,
      selfDeaf: false,
      selfMute: true,
    });
    connection.on('stateChange', (_, { status }) => tell('voice', { status }));
    connection.on('transitioned', (transition) => tell('transitioned', { transition }));
    connection.on('error', (error) => tell('error', { message: String(error) }));
    const heard = connection.receiver.subscribe(listen, { end: { behavior: EndBehaviorType.Manual } });
    heard.on('data', (opus) => tell('heard', { opus: opus.toString('base64') }));
    heard.on('error', (error) => tell('error', { message: String(error) }));
    orders.leave = async () => connection.destroy();
  },

  async exit() {
    await client.destroy();
    process.exit(0);
  },
};

client.on('clientReady', () => tell('ready', { guilds: client.guilds.cache.size }));
client.on('messageCreate', (message) => tell('message', described(message)));
client.on('messageUpdate', (_, message) => tell('update', described(message)));
client.on('interactionCreate', async (interaction) => {
  tell('interaction', { name: interaction.commandName, user: interaction.user.username });
  await interaction.reply({ content: `Hello ${interaction.user.username}.` });
});
client.on('error', (error) => tell('error', { message: String(error) }));

createInterface({ input: process.stdin }).on('line', (line) => {
  const { order, ...data } = JSON.parse(line);
  orders[order](data).catch((error) => tell('error', { message: String(error) }));
});
await client.login(process.env.GUEST_TOKEN);
