package api

import (
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/attack"
	"candor/internal/custody"
	"candor/internal/evidence"
)

// placeless takes the folders of this machine out of an answer: releases and batches
// say from which file they came, and not where it lay. What is answered may be shared
// with others, so that it is changed in a copy.
func placeless(_ huma.Context, _ string, v any) (any, error) {
	of := reflect.ValueOf(v)
	if of.Kind() == reflect.Pointer && !of.IsNil() {
		of = of.Elem()
	}
	if of.Kind() != reflect.Struct {
		return v, nil
	}
	out := reflect.New(of.Type()).Elem()
	out.Set(of)
	for _, f := range reflect.VisibleFields(of.Type()) {
		if !f.IsExported() || len(f.Index) > 1 && of.FieldByIndex(f.Index[:1]).Kind() == reflect.Pointer {
			continue
		}
		switch at := out.FieldByIndex(f.Index).Addr().Interface().(type) {
		case *attack.Release:
			*at = releaseOutside(*at)
		case *[]attack.Release:
			*at = each(*at, releaseOutside)
		case *[]custody.Account:
			*at = each(*at, accountOutside)
		}
	}
	return out.Interface(), nil
}

func each[T any](of []T, change func(T) T) []T {
	out := make([]T, len(of))
	for i := range of {
		out[i] = change(of[i])
	}
	return out
}

func releaseOutside(r attack.Release) attack.Release {
	r.Source = evidence.FileName(r.Source)
	return r
}

func accountOutside(a custody.Account) custody.Account {
	a.Batch = a.Batch.Outside()
	return a
}
