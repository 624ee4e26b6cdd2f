// The database, through Sequelize, which signs in with an IAM token for each connection. Its first connection is for asking
// PostgreSQL's version; it closes that one and opens the one that is used.

import { Signer } from "@aws-sdk/rds-signer";
import pg from "pg";
import { DataTypes, Sequelize } from "sequelize";

// An object each: Sequelize writes the column's name into it.
const text = () => ({ type: DataTypes.STRING, allowNull: false });
const number = () => ({ type: DataTypes.INTEGER, allowNull: false });

/** Sequelize with the one table; nothing is connected yet. It writes each statement to the log: its default. */
export function open({ endpoint, port, name, user }) {
    const sequelize = new Sequelize(name, user, "", {
        host: endpoint,
        port,
        dialect: "postgres",
        dialectModule: pg,
        dialectOptions: { ssl: { rejectUnauthorized: true } },
        pool: { max: 1, min: 1, idle: 1000 },
    });
    const signer = new Signer({ hostname: endpoint, port, region: process.env.AWS_REGION, username: user });
    sequelize.addHook("beforeConnect", async (connection) => {
        connection.password = await signer.getAuthToken();
    });
    const stadiums = sequelize.define(
        "Stadium",
        {
            name: text(),
            capacity: number(),
            location: text(),
            surface: text(),
            roof: text(),
            team: text(),
            yearOpened: number(),
        },
        { tableName: "stadiums", underscored: true },
    );
    return { stadiums, close: () => sequelize.close() };
}
