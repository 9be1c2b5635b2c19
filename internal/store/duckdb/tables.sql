CREATE TABLE ix.about("version" INTEGER, engine VARCHAR, tip VARCHAR);
CREATE TABLE ix.batch(number INTEGER, void BOOLEAN, body VARCHAR);
CREATE TABLE ix.known(h UBIGINT, id VARCHAR, number INTEGER, place BIGINT, many BOOLEAN, counts BOOLEAN, "rule" VARCHAR, "name" VARCHAR, "time" BIGINT, site VARCHAR, entity VARCHAR, incident VARCHAR, "class" VARCHAR, provenance VARCHAR, said BIGINT, word VARCHAR, author VARCHAR, original VARCHAR);
CREATE TABLE ix.merged(h UBIGINT, id VARCHAR, counts BOOLEAN, "rule" VARCHAR, "name" VARCHAR, "time" BIGINT, site VARCHAR, entity VARCHAR, incident VARCHAR, "class" VARCHAR, provenance VARCHAR, said BIGINT, word VARCHAR, author VARCHAR, original VARCHAR, reading VARCHAR, reader VARCHAR, readby VARCHAR, readat BIGINT);
CREATE TABLE ix.arrival(h UBIGINT, id VARCHAR, number INTEGER, place BIGINT, "time" BIGINT, says BOOLEAN, behind BOOLEAN, "class" VARCHAR, provenance VARCHAR, said BIGINT, word VARCHAR, author VARCHAR, original VARCHAR, again BOOLEAN);
