// Makes the one member a replica set and the services' own account; repeating it changes nothing.
const member = "mongo:27017";
const password = encodeURIComponent(process.env.MONGO_ROOT_PASSWORD);
const admin = connectWithin(120_000);

try {
  admin.adminCommand({ replSetGetStatus: 1 });
} catch (error) {
  if (error.codeName !== "NotYetInitialized") throw error;
  admin.adminCommand({ replSetInitiate: { _id: "rs0", members: [{ _id: 0, host: member }] } });
}
while (!admin.adminCommand({ hello: 1 }).isWritablePrimary) sleep(200);

const hotline = admin.getSiblingDB("hotline");
const account = {
  pwd: process.env.MONGO_PASSWORD,
  roles: [{ role: "readWrite", db: "hotline" }],
};
if (hotline.getUser("hotline") === null) {
  hotline.createUser({ user: "hotline", ...account });
} else {
  hotline.updateUser("hotline", account);
}

/** Healthy comes a moment before reachable, and whoever waits for this script waits only once. */
function connectWithin(milliseconds) {
  const until = Date.now() + milliseconds;
  for (;;) {
    try {
      return connect(`mongodb://root:${password}@${member}/admin?directConnection=true`);
    } catch (error) {
      if (Date.now() > until) throw error;
      sleep(1000);
    }
  }
}
