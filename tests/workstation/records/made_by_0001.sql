BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE chain_head (
	station TEXT NOT NULL, 
	seq BIGINT NOT NULL, 
	hash VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_chain_head PRIMARY KEY (station), 
	CONSTRAINT fk_chain_head_station FOREIGN KEY(station) REFERENCES station (name)
);
INSERT INTO "chain_head" VALUES('press 4',15,'b96d830301f681043fdcc216703c3f296121b92b56ec60a52d7f63b05e4172ed');
CREATE TABLE compact_map (
	inspection_id INTEGER NOT NULL, 
	height BIGINT NOT NULL, 
	width BIGINT NOT NULL, 
	dtype TEXT NOT NULL, 
	data BLOB NOT NULL, 
	CONSTRAINT pk_compact_map PRIMARY KEY (inspection_id), 
	CONSTRAINT fk_compact_map_inspection_id FOREIGN KEY(inspection_id) REFERENCES inspection (id)
);
INSERT INTO "compact_map" VALUES(1,3,4,'float16',X'789C6360883589B5E8B18AB529B1EDB15B6C1FEBF0D2A1C491C10900583F07A0');
INSERT INTO "compact_map" VALUES(2,3,4,'float16',X'789C6360883589B5E8B18AB529B1EDB15B6C1FEBF0D2A1C491C10900583F07A0');
INSERT INTO "compact_map" VALUES(4,3,4,'float16',X'789C6360883589B5E8B18AB529B1EDB15B6C1FEBF0D2A1C491C10900583F07A0');
INSERT INTO "compact_map" VALUES(5,3,4,'float16',X'789C6360883589B5E8B18AB529B1EDB15B6C1FEBF0D2A1C491C10900583F07A0');
INSERT INTO "compact_map" VALUES(6,3,4,'float16',X'789C6360883589B5E8B18AB529B1EDB15B6C1FEBF0D2A1C491C10900583F07A0');
INSERT INTO "compact_map" VALUES(7,3,4,'float16',X'789C6360883589B5E8B18AB529B1EDB15B6C1FEBF0D2A1C491C10900583F07A0');
CREATE TABLE event (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	station TEXT NOT NULL, 
	seq BIGINT NOT NULL, 
	hash_version BIGINT NOT NULL, 
	hash VARCHAR(64) NOT NULL, 
	happened_at BIGINT NOT NULL, 
	person TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	detail TEXT NOT NULL, 
	CONSTRAINT fk_event_station FOREIGN KEY(station) REFERENCES station (name), 
	CONSTRAINT uq_event_station_seq UNIQUE (station, seq)
);
INSERT INTO "event" VALUES(1,'press 4',1,1,'caf86c56b2fb0dbaaecb55c1c23c3bb340a6612a5e46f89cd2709a2f749797b2',1795281633196734,'local','schema migrated','{"from": null, "to": "0001"}');
INSERT INTO "event" VALUES(2,'press 4',2,1,'6e0374f96aa2a20862afade12d2b354d2d309bb99124a926a4fe5aa9547cccc2',1795281633213383,'local','started','{}');
INSERT INTO "event" VALUES(3,'press 4',14,1,'fdd904dcab11c41991258c1a24b76b4159d252feef1898675a7a5867e4582bcc',1795281633263365,'Ada','lot changed','{"old":"L7","new":""}');
CREATE TABLE feedback (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	station TEXT NOT NULL, 
	seq BIGINT NOT NULL, 
	hash_version BIGINT NOT NULL, 
	hash VARCHAR(64) NOT NULL, 
	inspection_id INTEGER NOT NULL, 
	given_at BIGINT NOT NULL, 
	person TEXT NOT NULL, 
	verdict TEXT, 
	withdraws_id INTEGER, 
	note TEXT NOT NULL, 
	CONSTRAINT fk_feedback_withdraws_id FOREIGN KEY(withdraws_id) REFERENCES feedback (id), 
	CONSTRAINT fk_feedback_station FOREIGN KEY(station) REFERENCES station (name), 
	CONSTRAINT uq_feedback_station_seq UNIQUE (station, seq), 
	CONSTRAINT fk_feedback_inspection_id FOREIGN KEY(inspection_id) REFERENCES inspection (id)
);
INSERT INTO "feedback" VALUES(1,'press 4',6,1,'bcfad38c98aeac523ac11350f7034004772bf931f25bbf84ff99c764b6165bd5',2,1795281633232645,'Ada','OK',NULL,'dust');
INSERT INTO "feedback" VALUES(2,'press 4',7,1,'c20d18174d25fe3c46a81cc8ebc2d7920d2a89216ea99fe1241c532bc8124a81',2,1795281633240268,'Ada',NULL,1,'');
INSERT INTO "feedback" VALUES(3,'press 4',15,1,'b96d830301f681043fdcc216703c3f296121b92b56ec60a52d7f63b05e4172ed',1,1795281633265149,'Ada','NG',NULL,'');
CREATE TABLE hourly_count (
	station TEXT NOT NULL, 
	hour BIGINT NOT NULL, 
	lot TEXT NOT NULL, 
	recipe TEXT NOT NULL, 
	release_id TEXT NOT NULL, 
	simulated BOOLEAN NOT NULL, 
	outcome TEXT NOT NULL, 
	final TEXT NOT NULL, 
	first_attempt BOOLEAN NOT NULL, 
	count BIGINT NOT NULL, 
	CONSTRAINT pk_hourly_count PRIMARY KEY (station, hour, lot, recipe, release_id, simulated, outcome, final, first_attempt)
);
INSERT INTO "hourly_count" VALUES('press 4',492348,'L7','ring','release-1',0,'OK','OK',1,2);
INSERT INTO "hourly_count" VALUES('press 4',492348,'L7','ring','release-1',0,'NG','NG',1,1);
INSERT INTO "hourly_count" VALUES('press 4',492349,'L7','ring','release-1',0,'REVIEW','REVIEW',0,1);
INSERT INTO "hourly_count" VALUES('press 4',492348,'L7','ring','release-1',1,'OK','OK',1,1);
INSERT INTO "hourly_count" VALUES('press 4',492348,'L7','ring','release-1',0,'OK','NG',1,1);
CREATE TABLE inspection (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	station TEXT NOT NULL, 
	seq BIGINT NOT NULL, 
	hash_version BIGINT NOT NULL, 
	hash VARCHAR(64) NOT NULL, 
	taken_at BIGINT NOT NULL, 
	recorded_at BIGINT NOT NULL, 
	source TEXT NOT NULL, 
	part_id TEXT NOT NULL, 
	frame_number BIGINT NOT NULL, 
	attempt BIGINT NOT NULL, 
	simulated BOOLEAN NOT NULL, 
	lot TEXT NOT NULL, 
	recipe TEXT NOT NULL, 
	person TEXT NOT NULL, 
	outcome TEXT NOT NULL, 
	fault_kind TEXT, 
	fault_reason TEXT, 
	score DOUBLE, 
	t1 DOUBLE, 
	t2 DOUBLE, 
	pixel_limit DOUBLE, 
	release_id TEXT, 
	regions TEXT, 
	stage_ms TEXT, 
	source_sha256 VARCHAR(64), 
	compact_map_sha256 VARCHAR(64), 
	file_path TEXT, 
	file_size BIGINT, 
	file_mtime_ns BIGINT, 
	CONSTRAINT uq_file_key UNIQUE (station, file_path, file_size, file_mtime_ns, attempt), 
	CONSTRAINT fk_inspection_station FOREIGN KEY(station) REFERENCES station (name), 
	CONSTRAINT uq_inspection_station_seq UNIQUE (station, seq)
);
INSERT INTO "inspection" VALUES(1,'press 4',3,1,'a70dff00eb3665e8f57b4f8e5d8644b44d5e7462ad72bd5a3d22ab9d2dd646c2',1772452800123456,1795281633215745,'folder','part-0001',1,1,0,'L7','ring','Ada','OK',NULL,NULL,1.5,1.0,2.0,2.5,'release-1','[{"x":1,"y":2,"width":3,"height":4,"area_px":9.5,"peak":2.25,"peak_x":2,"peak_y":3}]','{"preprocess":1.5,"method":20.25}','0000000000000000000000000000000000000000000000000000000000000001','14b5e72acee7de0cf83be0cd646d9055ff6bbe38af339dab06d8773556deae42','/line/1.png',1000,1000000000000000001);
INSERT INTO "inspection" VALUES(2,'press 4',4,1,'0a89a283dc6a310f82e50f31e3dc7e29fa0dd72439a7ebc35fadee088b40aea2',1772452801123456,1795281633225766,'folder','part-0002',2,1,0,'L7','ring','Ada','NG',NULL,NULL,2.5,1.0,2.0,2.5,'release-1','[{"x":1,"y":2,"width":3,"height":4,"area_px":9.5,"peak":2.25,"peak_x":2,"peak_y":3}]','{"preprocess":1.5,"method":20.25}','0000000000000000000000000000000000000000000000000000000000000002','14b5e72acee7de0cf83be0cd646d9055ff6bbe38af339dab06d8773556deae42','/line/2.png',1000,1000000000000000002);
INSERT INTO "inspection" VALUES(3,'press 4',8,1,'a10462c8e180b6b254039d606cb79e76b733665283184da04703d8cd4573e1a0',1772452802123456,1795281633243486,'folder','part-0003',3,1,0,'L7','ring','Ada','fault','picture','The file is cut off; save it again.',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'0000000000000000000000000000000000000000000000000000000000000003',NULL,'/line/3.png',1000,1000000000000000003);
INSERT INTO "inspection" VALUES(4,'press 4',10,1,'c3792c0fd091b760d6ba3f1b3e011a4ab41ae26685aa6a1398ae11f2132ecd44',1772456400123456,1795281633248103,'folder','part-0003',3,2,0,'L7','ring','Ada','REVIEW',NULL,NULL,1.25,1.0,2.0,2.5,'release-1','[{"x":1,"y":2,"width":3,"height":4,"area_px":9.5,"peak":2.25,"peak_x":2,"peak_y":3}]','{"preprocess":1.5,"method":20.25}','0000000000000000000000000000000000000000000000000000000000000003','14b5e72acee7de0cf83be0cd646d9055ff6bbe38af339dab06d8773556deae42','/line/3.png',1000,1000000000000000003);
INSERT INTO "inspection" VALUES(5,'press 4',11,1,'d523c9f3a17fd2ddaa39fa8000190061e826623857f7630e10202c7c0b9e33ca',1772452804123456,1795281633254132,'simulator','part-0004',4,1,1,'L7','ring','Ada','OK',NULL,NULL,1.5,1.0,2.0,2.5,'release-1','[{"x":1,"y":2,"width":3,"height":4,"area_px":9.5,"peak":2.25,"peak_x":2,"peak_y":3}]','{"preprocess":1.5,"method":20.25}','0000000000000000000000000000000000000000000000000000000000000004','14b5e72acee7de0cf83be0cd646d9055ff6bbe38af339dab06d8773556deae42',NULL,NULL,NULL);
INSERT INTO "inspection" VALUES(6,'press 4',12,1,'8faa5b714fd30bb7624a44d620d1f5ef25744773f79918e8b25951057931b38c',1772452805123456,1795281633257742,'replay','part-0005',5,1,0,'L7','ring','Ada','OK',NULL,NULL,1.5,1.0,2.0,2.5,'release-1','[{"x":1,"y":2,"width":3,"height":4,"area_px":9.5,"peak":2.25,"peak_x":2,"peak_y":3}]','{"preprocess":1.5,"method":20.25}','0000000000000000000000000000000000000000000000000000000000000005','14b5e72acee7de0cf83be0cd646d9055ff6bbe38af339dab06d8773556deae42',NULL,NULL,NULL);
INSERT INTO "inspection" VALUES(7,'press 4',13,1,'8e15d4d413cb9a07932dc5a3483b34148daf40d5d7d95870bf698515ebf76bd9',1772452806123456,1795281633260367,'replay','part-0005',5,1,0,'L7','ring','Ada','OK',NULL,NULL,1.5,1.0,2.0,2.5,'release-1','[{"x":1,"y":2,"width":3,"height":4,"area_px":9.5,"peak":2.25,"peak_x":2,"peak_y":3}]','{"preprocess":1.5,"method":20.25}','0000000000000000000000000000000000000000000000000000000000000005','14b5e72acee7de0cf83be0cd646d9055ff6bbe38af339dab06d8773556deae42',NULL,NULL,NULL);
CREATE TABLE inspection_search (
	inspection_id INTEGER NOT NULL, 
	station TEXT NOT NULL, 
	taken_at BIGINT NOT NULL, 
	part_id TEXT NOT NULL, 
	lot TEXT NOT NULL, 
	recipe TEXT NOT NULL, 
	release_id TEXT NOT NULL, 
	simulated BOOLEAN NOT NULL, 
	attempt BIGINT NOT NULL, 
	superseded BOOLEAN NOT NULL, 
	score DOUBLE, 
	machine TEXT NOT NULL, 
	human TEXT, 
	final TEXT NOT NULL, 
	CONSTRAINT pk_inspection_search PRIMARY KEY (inspection_id), 
	CONSTRAINT fk_inspection_search_inspection_id FOREIGN KEY(inspection_id) REFERENCES inspection (id)
);
INSERT INTO "inspection_search" VALUES(1,'press 4',1772452800123456,'part-0001','L7','ring','release-1',0,1,0,1.5,'OK','NG','NG');
INSERT INTO "inspection_search" VALUES(2,'press 4',1772452801123456,'part-0002','L7','ring','release-1',0,1,0,2.5,'NG',NULL,'NG');
INSERT INTO "inspection_search" VALUES(3,'press 4',1772452802123456,'part-0003','L7','ring','',0,1,1,NULL,'fault',NULL,'fault');
INSERT INTO "inspection_search" VALUES(4,'press 4',1772456400123456,'part-0003','L7','ring','release-1',0,2,0,1.25,'REVIEW',NULL,'REVIEW');
INSERT INTO "inspection_search" VALUES(5,'press 4',1772452804123456,'part-0004','L7','ring','release-1',1,1,0,1.5,'OK',NULL,'OK');
INSERT INTO "inspection_search" VALUES(6,'press 4',1772452805123456,'part-0005','L7','ring','release-1',0,1,0,1.5,'OK',NULL,'OK');
INSERT INTO "inspection_search" VALUES(7,'press 4',1772452806123456,'part-0005','L7','ring','release-1',0,1,0,1.5,'OK',NULL,'OK');
CREATE TABLE picture (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	station TEXT NOT NULL, 
	seq BIGINT NOT NULL, 
	hash_version BIGINT NOT NULL, 
	hash VARCHAR(64) NOT NULL, 
	inspection_id INTEGER NOT NULL, 
	settled_at BIGINT NOT NULL, 
	state TEXT NOT NULL, 
	path TEXT, 
	sha256 VARCHAR(64), 
	size_bytes BIGINT, 
	reason TEXT NOT NULL, 
	CONSTRAINT fk_picture_station FOREIGN KEY(station) REFERENCES station (name), 
	CONSTRAINT uq_picture_station_seq UNIQUE (station, seq), 
	CONSTRAINT fk_picture_inspection_id FOREIGN KEY(inspection_id) REFERENCES inspection (id)
);
INSERT INTO "picture" VALUES(1,'press 4',5,1,'c7a8510fc36170df526b00402832e6d2df618e766bdd4fac938fdd3409fb5595',2,1795281633228782,'safe','archive/2026/03/02/2.png','abababababababababababababababababababababababababababababababab',1234,'');
INSERT INTO "picture" VALUES(2,'press 4',9,1,'e1e9505689aecaa5cb91bbca3b623776790e69860608d6c352e413b2e074f492',3,1795281633246568,'lost',NULL,NULL,NULL,'The disk is full.');
CREATE TABLE station (
	name TEXT NOT NULL, 
	first_seen BIGINT NOT NULL, 
	CONSTRAINT pk_station PRIMARY KEY (name)
);
INSERT INTO "station" VALUES('press 4',1795281633206461);
CREATE INDEX ix_feedback_inspection_id ON feedback (inspection_id);
CREATE INDEX ix_picture_inspection_id ON picture (inspection_id);
CREATE INDEX ix_event_station_kind_happened_at ON event (station, kind, happened_at);
CREATE INDEX ix_search_shift ON inspection_search (station, simulated, taken_at, superseded, machine, final, attempt);
CREATE INDEX ix_search_newest ON inspection_search (station, simulated, inspection_id);
CREATE INDEX ix_search_part ON inspection_search (station, part_id);
CREATE INDEX ix_search_lot ON inspection_search (station, lot, taken_at);
CREATE INDEX ix_search_final ON inspection_search (station, final, taken_at);
CREATE INDEX ix_search_waiting ON inspection_search (station, simulated, taken_at) WHERE human IS NULL AND machine IN ('REVIEW', 'NG');
CREATE INDEX ix_hourly_count_lot ON hourly_count (station, lot, simulated);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('event',3);
INSERT INTO "sqlite_sequence" VALUES('inspection',7);
INSERT INTO "sqlite_sequence" VALUES('picture',2);
INSERT INTO "sqlite_sequence" VALUES('feedback',3);
COMMIT;
