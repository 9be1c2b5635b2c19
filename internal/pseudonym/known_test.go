package pseudonym_test

// What the key of these tests makes, as it is on disks: neither may ever change.
const knownFingerprint = "e34c4d658732"

func known() map[string]string {
	return map[string]string{"web-01": "entity-5jb7lmhwswrwpkhaia52", "WEB-01": "entity-5JB7LmHwSWRwPkHAia52", "jdoe@corp.example": "mail-iwxftusdq4vd6fck3njr"}
}
